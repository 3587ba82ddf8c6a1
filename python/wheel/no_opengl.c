/*
 * Stands in for libGLX.so.0 in the wheel (tools/wheel.sh).
 *
 * Debian's libopencv_core links to GLX for OpenGL windows, which ReplayRT does not open, and is bound at load. The real
 * library needs libX11, which servers lack. These are all of its functions that libopencv_core names. Each says "there
 * is none", as GLX does without a display or a current context, so OpenCV reports an error where it wanted OpenGL.
 */

/* The calling thread's OpenGL context: none. */
void* glXGetCurrentContext(void) { return 0; }

/* The X display of that context: none. */
void* glXGetCurrentDisplay(void) { return 0; }

/* The address of an OpenGL function: none is known. */
void (*glXGetProcAddressARB(const unsigned char* name))(void) {
  (void)name;
  return 0;
}

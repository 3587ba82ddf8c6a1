// CUDA's rules for errors, devices, memory, streams and events that src/backends/cuda relies on and
// the double in tests/fakes/cuda keeps. Built twice: with the double (cuda_rules_test, everywhere),
// and with NVIDIA's runtime (cuda_rules_real, on a machine with a GPU). Quoted are the CUDA Runtime
// API reference (API) and the CUDA C++ Programming Guide (PG), both for CUDA 13.0.

#include "backends/cuda/rules_support.hpp"

namespace replayrt::cuda_rules {
namespace {

int device_count() {
  int count = 0;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  return count;
}

// --- Errors and devices ------------------------------------------------------------------------

// API, Error Handling, cudaGetLastError: "Returns the last error that has been produced by any of
// the runtime calls in the same instance of the CUDA Runtime library in the host thread and resets
// it to cudaSuccess." cudaPeekAtLastError: "does not reset".
TEST(CudaErrorRules, TheLastErrorStaysUntilItIsFetched) {
  EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  int device = -1;
  CUDA_OK(cudaGetDevice(&device));  // Success does not clear it.
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

// As above: "in the host thread".
TEST(CudaErrorRules, TheLastErrorIsOneOfAThread) {
  EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
  in_another_thread([] { EXPECT_EQ(cudaGetLastError(), cudaSuccess); });
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

// API, Device Management, cudaSetDevice: "Sets device as the current device for the calling host
// thread. Valid device id's are 0 to (cudaGetDeviceCount() - 1)." Returns cudaErrorInvalidDevice.
TEST(CudaDeviceRules, DevicesAreCountedFromZero) {
  EXPECT_EQ(cudaSetDevice(device_count()), cudaErrorInvalidDevice);
  static_cast<void>(cudaGetLastError());
  int device = -1;
  CUDA_OK(cudaGetDevice(&device));
  EXPECT_EQ(device, 0);
}

// PG, Multi-Device System, Device Selection: "A host thread can set the device it operates on at
// any time by calling cudaSetDevice(). [...] If no call to cudaSetDevice() is made, the current
// device is device 0."
TEST(CudaDeviceRules, EveryThreadHasItsOwnCurrentDevice) {
  if (device_count() < 2) {
    GTEST_SKIP() << "needs two devices";
  }
  CUDA_OK(cudaSetDevice(1));
  in_another_thread([] {
    int device = -1;
    CUDA_OK(cudaGetDevice(&device));
    EXPECT_EQ(device, 0);
  });
  int device = -1;
  CUDA_OK(cudaGetDevice(&device));
  EXPECT_EQ(device, 1);
  CUDA_OK(cudaSetDevice(0));
}

// PG, Multi-Device System, Stream and Event Behavior: "cudaEventRecord() will fail if the input
// event and input stream are associated to different devices." "cudaStreamWaitEvent() will succeed
// even if the input stream and input event are associated to different devices." "A memory copy
// will succeed even if it is issued to a stream that is not associated to the current device."
TEST(CudaDeviceRules, StreamsAndEventsBelongToADevice) {
  if (device_count() < 2) {
    GTEST_SKIP() << "needs two devices";
  }
  Numbers numbers;
  OwnedStream stream(new_stream());
  OwnedEvent event(new_event());
  CUDA_OK(cudaSetDevice(1));
  OwnedStream other_stream(new_stream());
  OwnedEvent other_event(new_event());
  EXPECT_EQ(cudaEventRecord(other_event, stream), cudaErrorInvalidResourceHandle);
  static_cast<void>(cudaGetLastError());
  CUDA_OK(cudaEventRecord(event, stream));
  CUDA_OK(cudaStreamWaitEvent(other_stream, event, 0));
  CUDA_OK(numbers.fill(3, stream));
  CUDA_OK(cudaStreamSynchronize(stream));
  CUDA_OK(cudaStreamSynchronize(other_stream));
  CUDA_OK(cudaSetDevice(0));
  EXPECT_EQ(numbers.read(), 3);
}

// --- Memory ------------------------------------------------------------------------------------

// API, Memory Management, cudaMalloc: "cudaMalloc() returns cudaErrorMemoryAllocation in case of
// failure." The runtime goes on.
TEST(CudaMemoryRules, MoreThanThereIsIsRefused) {
  std::size_t free = 0;
  std::size_t total = 0;
  CUDA_OK(cudaMemGetInfo(&free, &total));
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, total + 4096), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  CUDA_OK(cudaMalloc(&memory, 4096));
  CUDA_OK(cudaFree(memory));
}

// API, Memory Management, cudaFree: "If devPtr is 0, no operation is performed." cudaFreeHost is
// alike. PG, Device Memory Accesses: "Any address of a variable residing in global memory or
// returned by one of the memory allocation routines [...] is always aligned to at least 256 bytes."
TEST(CudaMemoryRules, MemoryIsAlignedAndNullCanBeFreed) {
  void* memory = nullptr;
  CUDA_OK(cudaMalloc(&memory, 1));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 256, 0U);
  CUDA_OK(cudaFree(memory));
  CUDA_OK(cudaFree(nullptr));
  CUDA_OK(cudaFreeHost(nullptr));
}

// API, Memory Management, cudaFree: "If cudaFree(devPtr) has already been called before, an error
// is returned."
TEST(CudaMemoryRules, MemoryIsFreedOnce) {
  void* memory = nullptr;
  CUDA_OK(cudaMalloc(&memory, 64));
  CUDA_OK(cudaFree(memory));
  EXPECT_NE(cudaFree(memory), cudaSuccess);
  static_cast<void>(cudaGetLastError());
}

// API, Unified Addressing, cudaPointerGetAttributes: type is "cudaMemoryTypeUnregistered for
// unregistered memory, cudaMemoryTypeHost for registered host memory, cudaMemoryTypeDevice for
// device memory", device "against which ptr was allocated".
TEST(CudaMemoryRules, PointersTellWhereTheyPoint) {
  int on_stack = 0;
  void* device = nullptr;
  void* pinned = nullptr;
  CUDA_OK(cudaMalloc(&device, 64));
  CUDA_OK(cudaHostAlloc(&pinned, 64, cudaHostAllocDefault));
  cudaPointerAttributes attributes{};
  CUDA_OK(cudaPointerGetAttributes(&attributes, &on_stack));
  EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered);
  CUDA_OK(cudaPointerGetAttributes(&attributes, static_cast<char*>(device) + 10));
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  EXPECT_EQ(attributes.device, 0);
  CUDA_OK(cudaPointerGetAttributes(&attributes, pinned));
  EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
  CUDA_OK(cudaFree(device));
  CUDA_OK(cudaFreeHost(pinned));
}

// API, API synchronization behavior, Memcpy, Asynchronous: "For transfers from device memory to
// pageable host memory, the function will return only once the copy has completed."
TEST(CudaMemoryRules, ACopyToPageableMemoryIsCompleteOnReturn) {
  Numbers numbers;
  OwnedStream stream(new_stream());
  CUDA_OK(numbers.fill(9, stream));
  void* address = nullptr;
  CUDA_OK(cudaMalloc(&address, 4));
  CUDA_OK(cudaMemsetAsync(address, 7, 4, stream));
  unsigned char value[4] = {};
  CUDA_OK(cudaMemcpyAsync(value, address, 4, cudaMemcpyDeviceToHost, stream));
  EXPECT_EQ(value[3], 7);
  CUDA_OK(cudaStreamSynchronize(stream));
  CUDA_OK(cudaFree(address));
}

// --- Streams and events ------------------------------------------------------------------------

// PG, Asynchronous Concurrent Execution, Streams: "a stream is a sequence of commands (possibly
// issued by different host threads) that execute in order." API, cudaStreamQuery: "Returns
// cudaSuccess if all operations in stream have completed, or cudaErrorNotReady if not."
TEST(CudaStreamRules, WorkRunsInOrder) {
  Numbers numbers;
  OwnedStream stream(new_stream());
  Barrier barrier;
  barrier.enqueue(stream);
  CUDA_OK(numbers.fill(1, stream));
  in_another_thread([&] { EXPECT_EQ(numbers.fill(2, stream), cudaSuccess); });
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(numbers.read(), 0);  // By another stream, which waits for nothing.
  barrier.open();
  CUDA_OK(cudaStreamSynchronize(stream));
  CUDA_OK(cudaStreamQuery(stream));
  EXPECT_EQ(numbers.read(), 2);
}

// API, Event Management, cudaEventRecord: "Before the first call to cudaEventRecord(), an event
// represents an empty set of work, so for example cudaEventQuery() would return cudaSuccess."
TEST(CudaEventRules, AnEventThatWasNeverRecordedIsDone) {
  OwnedEvent event(new_event());
  OwnedStream stream(new_stream());
  CUDA_OK(cudaEventQuery(event));
  CUDA_OK(cudaEventSynchronize(event));
  CUDA_OK(cudaStreamWaitEvent(stream, event, 0));
  CUDA_OK(cudaStreamQuery(stream));
}

// API, Event Management, cudaEventRecord: "Captures in event the contents of stream at the time of
// this call. [...] Uses of stream after this call do not modify event."
TEST(CudaEventRules, AnEventCoversWhatCameBeforeIt) {
  Numbers numbers;
  OwnedStream stream(new_stream());
  OwnedEvent before(new_event());
  OwnedEvent after(new_event());
  CUDA_OK(numbers.fill(1, stream));
  CUDA_OK(cudaEventRecord(before, stream));
  Barrier barrier;
  barrier.enqueue(stream);
  CUDA_OK(cudaEventRecord(after, stream));
  CUDA_OK(cudaEventSynchronize(before));
  CUDA_OK(cudaEventQuery(before));
  EXPECT_EQ(cudaEventQuery(after), cudaErrorNotReady);
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(numbers.read(), 1);
  barrier.open();
  CUDA_OK(cudaEventSynchronize(after));
  CUDA_OK(cudaEventQuery(after));
}

// API, Stream Management, cudaStreamWaitEvent: "Makes all future work submitted to stream wait for
// all work captured in event."
TEST(CudaEventRules, AStreamWaitsForAnEventOfAnother) {
  Numbers numbers;
  OwnedStream first(new_stream());
  OwnedStream second(new_stream());
  OwnedEvent event(new_event());
  Barrier barrier;
  barrier.enqueue(first);
  CUDA_OK(numbers.fill(1, first));
  CUDA_OK(cudaEventRecord(event, first));
  CUDA_OK(cudaStreamWaitEvent(second, event, 0));
  CUDA_OK(numbers.fill(2, second));
  EXPECT_EQ(cudaStreamQuery(second), cudaErrorNotReady);
  static_cast<void>(cudaGetLastError());
  barrier.open();
  CUDA_OK(cudaStreamSynchronize(second));
  EXPECT_EQ(numbers.read(), 2);
  CUDA_OK(cudaStreamQuery(first));
}

// API, Event Management, cudaEventRecord: "Other APIs such as cudaStreamWaitEvent() use the most
// recently captured state at the time of the API call, and are not affected by later calls to
// cudaEventRecord()."
TEST(CudaEventRules, AWaitIsForTheEventAsItWasThen) {
  OwnedStream first(new_stream());
  OwnedStream second(new_stream());
  OwnedEvent event(new_event());
  CUDA_OK(cudaEventRecord(event, first));
  CUDA_OK(cudaStreamWaitEvent(second, event, 0));
  Barrier barrier;
  barrier.enqueue(first);
  CUDA_OK(cudaEventRecord(event, first));  // Too late for `second`.
  CUDA_OK(cudaStreamSynchronize(second));
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  static_cast<void>(cudaGetLastError());
  barrier.open();
  CUDA_OK(cudaStreamSynchronize(first));
}

// API, Event Management, cudaEventDestroy: "An event may be destroyed before it is complete [...]
// the call does not block". Stream Management, cudaStreamDestroy: "In case the device is still
// doing work in the stream when cudaStreamDestroy() is called, the function will return immediately
// and the resources associated with stream will be released automatically once the device has
// completed all work in stream."
TEST(CudaStreamRules, WorkOutlivesItsStreamAndEvents) {
  Numbers numbers;
  OwnedStream first(new_stream());
  OwnedStream second(new_stream());
  OwnedEvent event(new_event());
  Barrier barrier;
  barrier.enqueue(first);
  CUDA_OK(numbers.fill(5, first));
  CUDA_OK(cudaEventRecord(event, first));
  CUDA_OK(cudaStreamWaitEvent(second, event, 0));
  event.reset();
  first.reset();
  EXPECT_EQ(cudaStreamQuery(second), cudaErrorNotReady);
  static_cast<void>(cudaGetLastError());
  barrier.open();
  CUDA_OK(cudaStreamSynchronize(second));
  EXPECT_EQ(numbers.read(), 5);
}

// API, Stream synchronization behavior, Legacy default stream: "The legacy default stream is an
// implicit stream which synchronizes with all other streams in the same CUcontext except for
// non-blocking streams". cudaStreamCreateWithFlags, cudaStreamNonBlocking: "work running in the
// created stream may run concurrently with work in stream 0 (the NULL stream)".
TEST(CudaStreamRules, TheLegacyStreamWaitsForBlockingStreamsOnly) {
  OwnedStream blocking(new_stream(cudaStreamDefault));
  OwnedStream non_blocking(new_stream());
  OwnedEvent on_legacy(new_event());
  {
    Barrier barrier;
    barrier.enqueue(non_blocking);
    CUDA_OK(cudaEventRecord(on_legacy, cudaStreamLegacy));
    CUDA_OK(cudaEventSynchronize(on_legacy));
    barrier.open();
    CUDA_OK(cudaStreamSynchronize(non_blocking));
  }
  Barrier barrier;
  Numbers numbers;
  barrier.enqueue(blocking);
  CUDA_OK(numbers.fill(1, blocking));
  CUDA_OK(numbers.fill(2, cudaStreamLegacy));
  CUDA_OK(numbers.fill(3, blocking));  // And they wait for it.
  CUDA_OK(cudaEventRecord(on_legacy, nullptr));
  EXPECT_EQ(cudaEventQuery(on_legacy), cudaErrorNotReady);
  static_cast<void>(cudaGetLastError());
  barrier.open();
  CUDA_OK(cudaStreamSynchronize(blocking));
  EXPECT_EQ(numbers.read(), 3);
  CUDA_OK(cudaStreamSynchronize(cudaStreamLegacy));
}

// API, Stream synchronization behavior, Per-thread default stream: "an implicit stream local to
// both the thread and the CUcontext [...] will synchronize with the legacy default stream".
TEST(CudaStreamRules, EveryThreadHasADefaultStreamOfItsOwn) {
  Numbers numbers;
  Barrier barrier;
  barrier.enqueue(cudaStreamPerThread);
  CUDA_OK(numbers.fill(4, cudaStreamPerThread));
  in_another_thread([] { CUDA_OK(cudaStreamSynchronize(cudaStreamPerThread)); });
  EXPECT_EQ(cudaStreamQuery(cudaStreamPerThread), cudaErrorNotReady);
  static_cast<void>(cudaGetLastError());
  barrier.open();
  CUDA_OK(cudaStreamSynchronize(cudaStreamPerThread));
  EXPECT_EQ(numbers.read(), 4);
}

}  // namespace
}  // namespace replayrt::cuda_rules

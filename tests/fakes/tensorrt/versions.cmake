# The versions that the double of TensorRT plays (805 is 8.5), oldest first, and the newest of them.
set(REPLAYRT_FAKE_TENSORRT_VERSIONS 805 806 1003 1101)
list(GET REPLAYRT_FAKE_TENSORRT_VERSIONS -1 REPLAYRT_NEWEST_FAKE_TENSORRT)
if(REPLAYRT_SANITIZERS STREQUAL "thread")
  # Threads meet in what does not depend on the version.
  set(REPLAYRT_FAKE_TENSORRT_VERSIONS ${REPLAYRT_NEWEST_FAKE_TENSORRT})
elseif(REPLAYRT_SANITIZERS)
  # Sanitizers look for faults that the versions share: the oldest and the newest keep CI within its time.
  list(GET REPLAYRT_FAKE_TENSORRT_VERSIONS 0 oldest)
  set(REPLAYRT_FAKE_TENSORRT_VERSIONS ${oldest} ${REPLAYRT_NEWEST_FAKE_TENSORRT})
endif()

# The same sources once more for each older version: all at a time, as the newest, file by file, shows what each lacks.
function(replayrt_unity_build_of_version target version)
  if(version EQUAL REPLAYRT_NEWEST_FAKE_TENSORRT)
    replayrt_unity_build(${target})
  else()
    replayrt_unity_build(${target} ALWAYS)
  endif()
endfunction()

# With USHER_PCH the headers that are not ours are parsed once for all files, which saves a fifth of a build. The release
# preset leaves it off: there each file must include what it uses.
option(USHER_PCH "Parse the headers of the standard library, Boost.JSON and GoogleTest once" OFF)
if(USHER_PCH)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")
  add_library(usher_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_link_libraries(usher_precompiled PRIVATE Boost::json GTest::gtest Threads::Threads)
  target_precompile_headers(usher_precompiled PRIVATE <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable>
    <cstdint> <cstdio> <cstdlib> <cstring> <deque> <expected> <functional> <map> <memory> <mutex> <optional> <set> <span> <string>
    <string_view> <thread> <utility> <variant> <vector> <boost/json.hpp> <gtest/gtest.h>)
endif()
function(usher_precompiled target)
  if(USHER_PCH)
    target_precompile_headers(${target} REUSE_FROM usher_precompiled)
  endif()
endfunction()

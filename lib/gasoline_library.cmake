# gasoline_library(name FLOOR n [USES lib...] [PRIVATE package-target...] SOURCES file...)
#
# Declares lib/<name> as the target gasoline_<name>. A library may use only libraries of a lower
# floor; anything else stops the configuration. PRIVATE names third-party targets, which stay out of
# the public headers and therefore out of every includer's compile time.
function(gasoline_warnings target)
  target_compile_options(
    ${target}
    PRIVATE -Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wsign-conversion
            -Wshadow
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wimplicit-fallthrough
            $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond>
            $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op>)
  # GCC warns falsely of code that a sanitizer has rewritten (its manual, -fsanitize): the other builds
  # hold the same code to its warnings.
  if(GASOLINE_WARNINGS_AS_ERRORS AND NOT GASOLINE_SANITIZE)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(GASOLINE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${GASOLINE_SANITIZE}
                                             -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${GASOLINE_SANITIZE})
  endif()
  if(GASOLINE_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# What nearly every file includes is parsed once under sanitizers, where the same code is compiled yet again.
# The other builds go on telling which file lacks an include of its own. Clang shares such a header only
# among targets with the very same options, which these have not (-pthread).
function(gasoline_precompiled target)
  if(NOT GASOLINE_SANITIZE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  if(target STREQUAL "gasoline_base")
    target_precompile_headers(
      ${target} PRIVATE <algorithm> <array> <atomic> <charconv> <deque> <functional> <memory> <mutex>
      <optional> <span> <string> <string_view> <thread> <unordered_map> <variant> <vector> <fmt/format.h>)
  else()
    target_precompile_headers(${target} REUSE_FROM gasoline_base)
  endif()
endfunction()

function(gasoline_library name)
  cmake_parse_arguments(ARG "" "FLOOR" "USES;PRIVATE;SOURCES" ${ARGN})
  set(target gasoline_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  set_property(TARGET ${target} PROPERTY GASOLINE_FLOOR ${ARG_FLOOR})
  foreach(used IN LISTS ARG_USES)
    get_property(used_floor TARGET gasoline_${used} PROPERTY GASOLINE_FLOOR)
    if(NOT used_floor LESS ARG_FLOOR)
      message(FATAL_ERROR "lib/${name} (floor ${ARG_FLOOR}) may not use lib/${used} (floor "
                          "${used_floor}): a library uses only lower floors")
    endif()
    target_link_libraries(${target} PUBLIC gasoline_${used})
  endforeach()
  target_link_libraries(${target} PRIVATE ${ARG_PRIVATE})
  gasoline_warnings(${target})
  gasoline_precompiled(${target})
endfunction()

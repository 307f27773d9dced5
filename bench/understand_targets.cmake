find_package(ZLIB REQUIRED)
find_package(simdjson REQUIRED)

gasoline_bench(
  understand_score
  USES understand
  PRIVATE simdjson::simdjson ZLIB::ZLIB
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/understand_corpus.cc ${CMAKE_CURRENT_LIST_DIR}/understand_score.cc)

gasoline_bench(
  understand_speed
  USES understand
  PRIVATE simdjson::simdjson ZLIB::ZLIB PkgConfig::re2
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/understand_corpus.cc
          ${CMAKE_CURRENT_LIST_DIR}/understand_speed.cc
          ${CMAKE_CURRENT_LIST_DIR}/understand_yardsticks.cc)

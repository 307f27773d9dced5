gasoline_bench(
  journal_append
  USES journal io base
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/journal_append.cc)

gasoline_bench(
  journal_append
  USES journal io base
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/journal_append.cc)
gasoline_bench(
  journal_recovery
  USES journal io base
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/journal_recovery.cc)

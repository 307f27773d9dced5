gasoline_bench(source_alone USES source io base SOURCES ${CMAKE_CURRENT_LIST_DIR}/source_alone.cc)

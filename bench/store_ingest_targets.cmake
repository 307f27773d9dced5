gasoline_bench(store_ingest USES store PRIVATE fmt::fmt SOURCES ${CMAKE_CURRENT_LIST_DIR}/store_ingest.cc)
gasoline_bench(store_search USES store PRIVATE fmt::fmt SOURCES ${CMAKE_CURRENT_LIST_DIR}/store_search.cc)

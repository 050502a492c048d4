target_sources(test_engine_options PRIVATE "${CMAKE_SOURCE_DIR}/src/engine/options.c")

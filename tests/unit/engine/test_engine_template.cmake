target_sources(test_engine_template PRIVATE "${CMAKE_SOURCE_DIR}/src/engine/template.c")
target_link_libraries(test_engine_template PRIVATE llama)

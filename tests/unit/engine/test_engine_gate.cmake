target_sources(test_engine_gate PRIVATE "${CMAKE_SOURCE_DIR}/src/engine/gate.c")

foreach(part ask ask_fields sampling)
  target_sources(test_engine_ask PRIVATE "${CMAKE_SOURCE_DIR}/src/engine/${part}.c")
endforeach()

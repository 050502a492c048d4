add_library(fake_nvml MODULE "${dir}/fake_nvml.c")
set_target_properties(fake_nvml PROPERTIES OUTPUT_NAME nvidia-ml SUFFIX .so.1 PREFIX lib
  EXCLUDE_FROM_ALL ${by_name_only} LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fake_nvml")
add_dependencies(test_nvml fake_nvml)
set_tests_properties(test_nvml PROPERTIES ENVIRONMENT "LD_LIBRARY_PATH=${CMAKE_BINARY_DIR}/fake_nvml")

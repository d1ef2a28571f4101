# usher_common_passwords(target): the list of python3-zxcvbn, as passwords/common_words.cc reads it.
find_program(USHER_PYTHON python3 REQUIRED)
find_file(ZXCVBN_LISTS zxcvbn/frequency_lists.py PATHS /usr/lib/python3/dist-packages REQUIRED)

function(usher_common_passwords target)
  set(lines ${CMAKE_CURRENT_BINARY_DIR}/common_passwords.txt)
  set(script ${CMAKE_SOURCE_DIR}/tools/gen_common_passwords.py)
  add_custom_command(OUTPUT ${lines} COMMAND ${USHER_PYTHON} ${script} ${lines} ${ZXCVBN_LISTS}
    DEPENDS ${script} ${ZXCVBN_LISTS})
  target_sources(${target} PRIVATE ${lines})
  usher_embed(${target} usher_common_passwords ${lines})
endfunction()

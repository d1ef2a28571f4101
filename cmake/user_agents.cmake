# usher_user_agent_rules(target): uap-core's rules and our additions, as the lines that devices/user_agent.cc reads.
find_program(USHER_PYTHON python3 REQUIRED)
find_file(UAP_CORE_RULES uap-core/regexes.yaml PATHS /usr/share REQUIRED)

function(usher_user_agent_rules target)
  set(lines ${CMAKE_CURRENT_BINARY_DIR}/user_agent_rules.txt)
  set(script ${CMAKE_SOURCE_DIR}/tools/gen_user_agents.py)
  set(newer ${CMAKE_SOURCE_DIR}/src/devices/newer_agents.yaml)
  add_custom_command(OUTPUT ${lines} COMMAND ${USHER_PYTHON} ${script} ${lines} ${newer} ${UAP_CORE_RULES}
    DEPENDS ${script} ${newer} ${UAP_CORE_RULES})
  target_sources(${target} PRIVATE ${lines})
  usher_embed(${target} usher_user_agent_rules ${lines})
endfunction()

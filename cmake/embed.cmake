# usher_embed(target symbol file): the bytes of `file` become `extern const char symbol_begin[], symbol_end[]` in `target`.
function(usher_embed target symbol file)
  set(assembly ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.S)
  file(WRITE ${assembly}.new ".section .rodata\n.global ${symbol}_begin\n.global ${symbol}_end\n.balign 16\n"
    "${symbol}_begin:\n.incbin \"${file}\"\n${symbol}_end:\n.byte 0\n.section .note.GNU-stack,\"\",@progbits\n")
  file(COPY_FILE ${assembly}.new ${assembly} ONLY_IF_DIFFERENT)
  set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${assembly})
endfunction()

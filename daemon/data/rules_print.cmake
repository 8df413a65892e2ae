# Writes OUTPUT: a constant with a sum over the files whose names LIST holds, one a line. What folds
# a journal is in these files, so two programs with one sum fold alike.
file(STRINGS ${LIST} names)
set(sums "")
foreach(name ${names})
  file(SHA256 ${name} sum)
  string(APPEND sums ${sum})
endforeach()
string(SHA256 print "${sums}")
file(WRITE ${OUTPUT} "namespace postern::data {\n\n"
     "extern const char* const rules_print;\nconst char* const rules_print = \"${print}\";\n\n"
     "}  // namespace postern::data\n")

// Man pages and completions, made from the very options and commands that the help is made of.
// For the main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace postern::arguments {

/// What the help does not say.
struct Manual {
  /// 1: for everybody; 8: for administrators.
  int section = 1;
  /// One line behind the name.
  std::string summary;
  /// Path and what lies there.
  std::vector<std::pair<std::string, std::string>> files = {};
  /// "posternd(8)"
  std::vector<std::string> see_also = {};
  std::string version;
  /// The program answers `--complete WORD…`, the last word being typed: a line for each word that
  /// may stand there, and 0; or 1 where it knows of none, so that it is a file's name.
  bool answers_complete = false;
};

/// What `--man` (a man page) and `--completion SHELL` (bash, zsh, fish) ask for, where nothing else
/// is given; neither shows in the help. Every command of `app` must have its options.
std::optional<std::string> text_asked_for(const std::vector<std::string>& given,
                                          const CLI::App& app, const Manual& manual);
/// Whether `text_asked_for` will have an answer.
bool asks_for_text(const std::vector<std::string>& given);

}  // namespace postern::arguments

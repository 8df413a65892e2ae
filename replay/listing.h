// What goes to standard output: aligned columns for people, JSON for programs.
#pragma once

#include <boost/json/object.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace postern::replay {

enum class Format { table, json, jsonl };

/// Rows under heads, written some hundreds at a time, each column as wide as its widest cell so
/// far. One thread; `out` outlives it.
class Table {
 public:
  Table(std::ostream& out, std::vector<std::string> heads);
  /// An empty cell shows as "-".
  void add(std::vector<std::string> row);
  void flush();

 private:
  std::ostream& out_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
};

/// Objects one a line; with `json` in an array, which `finish` ends.
class Objects {
 public:
  Objects(std::ostream& out, Format format) : out_(out), format_(format) {}
  void add(const boost::json::object& object);
  void finish();

 private:
  std::ostream& out_;
  const Format format_;
  bool any_ = false;
};

/// Names and values, one a line.
void write_fields(std::ostream& out,
                  const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace postern::replay

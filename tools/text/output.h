// What goes to standard output: aligned tables for people, JSON for programs.
// A list is written page by page; nothing is held back longer than a page.
// One thread; a stream outlives what writes to it. Failure: a full disk or a closed pipe shows in
// the stream.
#pragma once

#include <boost/json/object.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/text/json.h"

namespace postern::text {

enum class Format { table, json, jsonl };

/// By its name; false where it is none.
bool read_format(std::string_view name, Format& format);
inline constexpr const char* wanted_format = "table, json or jsonl";

/// Rows under heads; each column as wide as its widest cell so far. Cells are made printable.
class Table {
 public:
  /// Without heads: none are written.
  explicit Table(std::vector<std::string> heads);
  void add(std::vector<std::string> row);
  /// Writes the rows added since the last time; the heads before the first.
  void write(std::ostream& out);

 private:
  std::vector<std::string> heads_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
  bool headed_ = false;
};

/// Names and values, one a line; lines with an empty value are left out.
class Fields {
 public:
  void add(std::string name, std::string value);
  void write(std::ostream& out, std::size_t indent = 0);

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Many things of one kind, in whatever form was asked for.
class Listing {
 public:
  Listing(std::ostream& out, Format format, std::vector<std::string> heads);
  /// Ends the JSON array.
  void finish();

  template <class Native>
  void add(const Native& native, std::vector<std::string> row) {
    if (format_ == Format::table)
      table_.add(std::move(row));
    else
      add_object(to_json(native));
  }
  void add_object(const boost::json::object& object);
  void add_row(std::vector<std::string> row) { table_.add(std::move(row)); }
  /// Writes what was added: the end of a page.
  void flush();
  Format format() const { return format_; }

 private:
  std::ostream& out_;
  Format format_;
  Table table_;
  bool any_ = false;
};

}  // namespace postern::text

// What goes to standard output: aligned tables for people, JSON for programs.
// A list is written page by page; nothing is held back longer than a page.
// One thread; a stream outlives what writes to it. Failure: a full disk or a closed pipe shows in
// the stream.
#pragma once

#include <boost/json/object.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tools/text/json.h"
#include "tools/text/layout.h"
#include "tools/text/screen.h"

namespace postern::text {

enum class Format { table, json, jsonl };

/// By its name; false where it is none.
bool read_format(std::string_view name, Format& format);
inline constexpr const char* wanted_format = "table, json or jsonl";

/// Rows under heads. Where nobody looks on, each column is as wide as its widest cell so far; on a
/// screen no line is wider than that: columns are left out by their rank, and cells are cut. Cells
/// are made printable.
class Table {
 public:
  using Row = std::vector<std::string>;

  /// Without columns: no heads are written. `chosen`: these alone, in this order; empty: all that
  /// find room.
  explicit Table(Columns columns, std::vector<std::size_t> chosen = {});
  /// On a screen the last column goes on below itself instead of being cut.
  Table& wrap_last() { return wraps_last_ = true, *this; }
  /// So many blanks before each line.
  Table& indent(std::size_t blanks) { return indent_ = blanks, *this; }
  void add(Row row);
  /// Writes the rows added since the last time; the heads before the first. Which columns are shown
  /// is settled then.
  void write(std::ostream& out);
  /// Those that found no room.
  std::vector<std::string> left_out() const;

 private:
  void settle(const Screen& screen);
  void write_heads(std::ostream& out, const Screen& screen, const std::vector<std::size_t>& widths);
  void write_row(std::ostream& out, const Screen& screen, const Row& row,
                 const std::vector<std::size_t>& widths) const;

  Columns columns_;
  std::vector<std::size_t> chosen_;
  std::vector<Row> rows_;
  /// Of all columns, as far as rows were added.
  std::vector<std::size_t> widths_;
  /// Those where no row says anything.
  std::vector<bool> empty_;
  /// Those that are shown; empty: not settled yet.
  std::vector<std::size_t> order_;
  std::size_t indent_ = 0;
  bool wraps_last_ = false;
  bool headed_ = false;
};

/// Names and values, one a line; lines with an empty value are left out. On a screen a long value
/// goes on below itself.
class Fields {
 public:
  void add(std::string name, std::string value, Shade shade = Shade::plain);
  void write(std::ostream& out, std::size_t indent = 0);
  bool empty() const { return fields_.empty(); }

 private:
  struct Field {
    std::string name;
    std::string value;
    Shade shade;
  };
  std::vector<Field> fields_;
};

/// The line above a section of a page.
void write_heading(std::ostream& out, std::string_view heading);
/// A sentence, printable, and the end of its line, of which `begin` columns are written; on a
/// screen it goes on below itself.
void write_behind(std::ostream& out, std::string_view sentence, std::size_t begin,
                  Style style = Style::plain);
/// The same of a whole line.
void write_sentence(std::ostream& out, std::string_view sentence);

/// Many things of one kind, in whatever form was asked for.
class Listing {
 public:
  /// `chosen`: as in Table.
  Listing(std::ostream& out, Format format, Columns columns, std::vector<std::size_t> chosen = {});
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
  std::ostream& out() { return out_; }
  /// Of a table, which columns found no room, and how they can be seen.
  void tell_left_out(std::ostream& talk, std::string_view how) const;

 private:
  std::ostream& out_;
  Format format_;
  Table table_;
  bool any_ = false;
};

}  // namespace postern::text

// Accounts read one by one from a file: a table, JSON lines, an htpasswd file.
// One thread; the stream outlives the source. Failure: each entry brings what is wrong with it;
// a heading that cannot be used is a fault of the source, and then nothing is to be read.
#pragma once

#include <istream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/intake/account.h"
#include "tools/intake/csv.h"

namespace postern::intake {

struct Fault {
  std::uint64_t line = 0;
  /// The cell's number in a table, from 1; 0: none, or the file is no table.
  std::size_t column = 0;
  /// As the file calls it; empty: the whole entry.
  std::string field;
  /// "C1", "field_malformed", "form".
  std::string rule;
  std::string sentence;
};

struct Entry {
  /// In the file, from 1.
  std::uint64_t line = 0;
  Account account;
  std::vector<Fault> faults;
  /// Its own bytes, so that it can be put aside.
  std::string text;
};

class AccountSource {
 public:
  virtual ~AccountSource() = default;
  virtual bool next(Entry& entry) = 0;
  /// Of an entry at `line`, where it says `field` (as in the schema, or a field's name).
  virtual Fault fault_at(std::uint64_t line, std::string_view field) const;
  /// What stands before the first entry.
  virtual std::string heading() const { return {}; }
  const std::vector<Fault>& faults() const { return faults_; }

 protected:
  std::vector<Fault> faults_;
};

/// Columns are named by the first line: a field's name, with blanks and capitals as one likes. What
/// is called otherwise `names` translates, as written in the file; to "-": it is left out.
struct CsvForm {
  char separator = CsvReader::separator_by_first_line;
  std::map<std::string, std::string> names;
};

class CsvSource : public AccountSource {
 public:
  CsvSource(std::istream& in, const CsvForm& form);
  bool next(Entry& entry) override;
  Fault fault_at(std::uint64_t line, std::string_view field) const override;
  std::string heading() const override { return heading_; }

 private:
  struct Column {
    /// As in the file.
    std::string title;
    /// Empty: left out.
    std::string field;
  };

  void read_heading(const CsvForm& form);
  Fault fault_in(std::uint64_t line, std::size_t column, std::string sentence) const;

  CsvReader reader_;
  CsvRow row_;
  std::vector<Column> columns_;
  std::string heading_;
};

/// An object a line.
class JsonlSource : public AccountSource {
 public:
  explicit JsonlSource(std::istream& in) : in_(in) {}
  bool next(Entry& entry) override;

 private:
  std::istream& in_;
  std::uint64_t line_ = 0;
};

/// The field that a command's field, as a refusal names it, came from.
std::string_view field_behind(std::string_view refused);

}  // namespace postern::intake

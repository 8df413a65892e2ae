// What the daemon says to whoever runs it, and the only way to say it: a line of the table.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/domain/entries.h"
#include "daemon/platform/failure.h"
#include "daemon/platform/peer.h"
#include "daemon/service/diagnostic_lines.h"

namespace postern::service {

/// Nanoseconds that something takes, and UTC nanoseconds since 1970.
struct Duration {
  std::int64_t ns = 0;
};
struct Moment {
  std::int64_t ns = 0;
};

struct Author {
  /// Null: the daemon itself, or an operator that is gone.
  const domain::Operator* entry = nullptr;
  schema::Role role = schema::Role::none;
};

/// What may stand in a line. Text may not: what a message brings is text, and may be a secret. So
/// nothing is made of a text but what has a type that says that it is public: names of what the
/// journal holds, failures (which are sentences of ours), keys of peers.
class Value {
 public:
  template <std::integral Number>
  requires(!std::same_as<Number, bool> && !std::same_as<Number, char>) Value(Number number)
      : text_(std::to_string(number)), is_number_(true) {}
  Value(const domain::User& user);
  Value(const domain::Tenant& tenant);
  Value(const domain::Operator& entry);
  /// Whoever sent a record.
  Value(const Author& author);
  Value(const platform::Stranger& stranger);
  Value(schema::Code code);
  Value(const Failure& why);
  Value(Duration duration);
  Value(Moment moment);
  Value(Line line);
  /// A setting's name or value.
  Value(const platform::SettingText& setting);

  const std::string& text() const { return text_; }
  const std::string& remedy() const { return remedy_; }
  bool is_number() const { return is_number_; }

 private:
  std::string text_;
  /// What a failure says of what to do.
  std::string remedy_ = {};
  bool is_number_ = false;
};

static_assert(!std::constructible_from<Value, std::string>);
static_assert(!std::constructible_from<Value, std::string_view>);
static_assert(!std::constructible_from<Value, const char*>);

/// One line, ready to be said. A value.
class Diagnostic {
 public:
  Diagnostic(Line line, std::vector<Value> values) : line_(line), values_(std::move(values)) {}

  Line line() const { return line_; }
  const LineForm& form() const { return form_of(line_); }
  std::string sentence() const;
  /// The table's, and that of the failure it tells of.
  std::string remedy() const;
  const std::vector<Value>& values() const { return values_; }
  /// Of the value at this place.
  std::string_view name_of_value(std::size_t place) const;

 private:
  Line line_;
  std::vector<Value> values_;
};

/// Any thread.
using Log = std::function<void(const Diagnostic&)>;

template <Line line, class... Values>
Diagnostic diagnostic(const Values&... values) {
  static_assert(std::ranges::count(form_of(line).sentence, '{') == sizeof...(Values));
  return {line, {Value(values)...}};
}

/// "26 hours", in the largest unit of which there are two; "3.2 seconds".
std::string duration_text(std::int64_t time_ns);

/// The whole table, in Markdown: the handbook's page.
std::string diagnostics_page();

}  // namespace postern::service

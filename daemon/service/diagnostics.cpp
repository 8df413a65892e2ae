#include "daemon/service/diagnostics.h"

#include "daemon/domain/time_text.h"
#include "daemon/platform/require.h"

namespace postern::service {

namespace {

/// The names in braces, one after the other.
template <class Visit>
void for_each_name(std::string_view sentence, Visit visit) {
  while (true) {
    const std::size_t begin = sentence.find('{');
    if (begin == std::string_view::npos) return visit(sentence, std::string_view());
    const std::size_t end = sentence.find('}', begin);
    require(end != std::string_view::npos);
    visit(sentence.substr(0, begin), sentence.substr(begin + 1, end - begin - 1));
    sentence.remove_prefix(end + 1);
  }
}

/// Sentences of ours go into others, so without their stop.
std::string without_stop(std::string_view sentence) {
  while (sentence.ends_with('.')) sentence.remove_suffix(1);
  return std::string(sentence);
}

/// A sentence of its own.
std::string with_stop(std::string_view sentence) {
  if (sentence.empty()) return {};
  std::string whole = without_stop(sentence) + ".";
  if (whole[0] >= 'a' && whole[0] <= 'z') whole[0] = static_cast<char>(whole[0] - 'a' + 'A');
  return whole;
}

std::string_view who_acts(Level level) {
  switch (level) {
    case Level::error:
      return "on call, now";
    case Level::warning:
      return "administrator";
    case Level::info:
    case Level::debug:
      return "nobody";
  }
  return {};
}

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::info:
      return "info";
    case Level::debug:
      return "debug";
  }
  return {};
}

std::string duration_text(std::int64_t time_ns) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  constexpr std::pair<std::int64_t, const char*> units[] = {
      {86'400 * second_ns, " days"}, {3'600 * second_ns, " hours"}, {60 * second_ns, " minutes"}};
  for (const auto& [unit_ns, name] : units)
    if (time_ns >= 2 * unit_ns) return std::to_string(time_ns / unit_ns) + name;
  if (time_ns >= 10 * second_ns) return std::to_string(time_ns / second_ns) + " seconds";
  const std::int64_t tenths = time_ns / (second_ns / 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " seconds";
}

// ---- values

Value::Value(const domain::User& user) : text_(printable(user.username, 128)) {}
Value::Value(const domain::Tenant& tenant) : text_(printable(tenant.alias)) {}
Value::Value(const domain::Operator& entry) : text_(printable(entry.name)) {}
Value::Value(const Author& author)
    : text_(author.entry != nullptr               ? printable(author.entry->name)
            : author.role == schema::Role::daemon ? "the daemon"
                                                  : "an operator that is gone") {}
Value::Value(schema::Code code) : text_(schema::EnumNameCode(code)) {}
Value::Value(Duration duration) : text_(duration_text(duration.ns)) {}
Value::Value(Moment moment) : text_(domain::time_text(moment.ns)) {}
Value::Value(Line line) : text_(form_of(line).name) {}
Value::Value(const platform::SettingText& setting) : text_(printable(setting.text)) {}

Value::Value(const platform::Stranger& stranger)
    : text_(printable(stranger.identity.empty() ? "a peer without a key" : stranger.identity)) {
  if (!stranger.address.empty()) text_ += " from " + printable(stranger.address);
}

/// As long as sentences about a file of any name may be.
Value::Value(const Failure& why)
    : text_(without_stop(printable(why.sentence, 2'000))), remedy_(with_stop(why.remedy)) {}

// ---- lines

std::string Diagnostic::sentence() const {
  std::string whole;
  std::size_t place = 0;
  for_each_name(form().sentence, [&](std::string_view before, std::string_view name) {
    whole += before;
    if (!name.empty()) whole += values_[place++].text();
  });
  return whole;
}

std::string Diagnostic::remedy() const {
  std::string whole;
  for (const Value& value : values_) whole += value.remedy();
  if (!whole.empty() && !form().remedy.empty()) whole += " ";
  return whole + std::string(form().remedy);
}

std::string_view Diagnostic::name_of_value(std::size_t place) const {
  std::string_view found;
  for_each_name(form().sentence, [&](std::string_view, std::string_view name) {
    if (!name.empty() && place-- == 0) found = name;
  });
  return found;
}

std::string diagnostics_page() {
  std::string page =
      "# What the daemon says\n\n"
      "Every line of its diagnostics, made of the table it speaks from: `posternd diagnostics` "
      "prints this page.\n"
      "The name of an event is stable; its sentence is for people and may be put better. In braces "
      "stand the values,\n"
      "which are fields of their own with `[log] format = \"json\"`. No line holds a password, a "
      "key's secret, a token, or what a\nprofile or a note says.\n\n"
      "Of each event at most 5 lines a minute are said; how many more there were is told when the "
      "minute is over.\n\n"
      "| event | level | who acts | it says | what to do |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (const LineForm& form : line_forms) {
    page += "| `" + std::string(form.name) + "` | " + std::string(name_of(form.level)) + " | ";
    page += std::string(who_acts(form.level)) + " | " + std::string(form.sentence) + " | ";
    page += std::string(form.remedy) + " |\n";
  }
  return page;
}

}  // namespace postern::service

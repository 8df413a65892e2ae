#include <algorithm>

#include "replay/event_lines.h"
#include "replay/list.h"
#include "tools/text/event_text.h"
#include "tools/text/ids.h"
#include "tools/text/output.h"
#include "tools/text/times.h"

namespace postern::replay {

namespace {

schema::EventBody kind_named(std::string_view name) {
  for (const schema::EventBody kind : schema::EnumValuesEventBody())
    if (name == schema::EnumNameEventBody(kind)) return kind;
  return schema::EventBody::NONE;
}

/// Which records are wanted, by the names that stood when each was written. Remembers which of the
/// names ever stood for something.
class Filter {
 public:
  explicit Filter(const ShowOptions& options)
      : options_(options),
        kind_(kind_named(options.kind)),
        tenant_known_(options.tenant.empty()),
        operator_known_(options.operator_name.empty() || options.operator_name == "daemon"),
        user_known_(options.user.empty()) {}

  void note_names(const Step& step) {
    for (const auto& change : step.changes.tenants)
      tenant_known_ |= change.after && change.after->alias == options_.tenant;
    for (const auto& change : step.changes.operators)
      operator_known_ |= change.after && change.after->name == options_.operator_name;
    for (const auto& change : step.changes.users)
      user_known_ |= change.after && is_wanted(*change.after);
  }

  bool matches(const Step& step) const {
    if (step.record.seq() < options_.from_seq) return false;
    if (!options_.tenant.empty() && tenant_name(step) != options_.tenant) return false;
    if (!options_.operator_name.empty() && operator_name(step) != options_.operator_name)
      return false;
    if (options_.user.empty() && options_.kind.empty()) return true;
    return std::ranges::any_of(*step.record.events(),
                               [&](const schema::Event* event) { return matches(step, *event); });
  }

  /// One of a record's events, of which a batch has a thousand.
  bool matches(const Step& step, const schema::Event& event) const {
    return (options_.kind.empty() || event.body_type() == kind_) &&
           (options_.user.empty() || is_about_wanted(step, event));
  }

  /// What can be wrong before anything is read.
  Expected<> check() const {
    if (!options_.kind.empty() && kind_ == schema::EventBody::NONE)
      return std::unexpected(Failure{FailureKind::usage,
                                     "no event is of the kind " + printable(options_.kind),
                                     "Name a kind as the column EVENT shows it: UserCreated."});
    if (options_.tenant.empty() && !options_.user.empty() && !is_uuid(options_.user))
      return std::unexpected(Failure{FailureKind::usage, "a username needs its tenant",
                                     "Name it with --tenant, or name the user by its id."});
    return {};
  }

  /// For the end of a journal: the first name that never stood for anything.
  Expected<> check_names() const {
    const auto unknown = [](const char* what, const std::string& name) {
      return std::unexpected(Failure{
          FailureKind::missing, std::string("no ") + what + " ever had the name " + printable(name),
          "Check the name against the columns that show shows."});
    };
    if (!tenant_known_) return unknown("tenant", options_.tenant);
    if (!operator_known_) return unknown("operator", options_.operator_name);
    if (!user_known_) return unknown("user", options_.user);
    return {};
  }

 private:
  static bool is_uuid(std::string_view text) {
    return text.size() == 36 && text.find_first_not_of("0123456789abcdef-") == text.npos;
  }

  bool is_wanted(const domain::User& user) const {
    return domain::equal_names(user.username, options_.user) ||
           text::uuid_text(user.id) == options_.user;
  }

  bool is_about_wanted(const Step& step, const schema::Event& event) const {
    const auto* user =
        event.user() == nullptr ? nullptr : step.state.tables().find_user(*event.user());
    return user != nullptr && is_wanted(*user);
  }

  const ShowOptions& options_;
  const schema::EventBody kind_;
  bool tenant_known_;
  bool operator_known_;
  bool user_known_;
};

/// Records in the form that was asked for, written some hundreds of rows at a time.
class Records {
 public:
  explicit Records(const Audit& audit) : listing_(audit, text::record_columns()) {}

  /// As a table, of its events those that were asked for.
  void add(const Step& step, const Filter& filter) {
    if (listing_.format() != text::Format::table)
      return listing_.add_object(record_object(step.record));
    const std::string time = text::time_text_short(step.record.time_ns());
    const auto is_wanted = [&](const auto& event) { return filter.matches(step, event); };
    for (EventLine& line : event_lines(step, is_wanted)) {
      listing_.add_row({std::to_string(step.record.seq()), time, std::move(line.operator_name),
                        std::move(line.tenant), std::move(line.user), std::move(line.kind),
                        std::move(line.details), flatbuffers::GetString(step.record.reason())});
      if (++rows_ < rows_at_once) continue;
      listing_.flush();
      rows_ = 0;
    }
  }
  void finish() { listing_.finish(); }

 private:
  static constexpr std::size_t rows_at_once = 500;

  ShownList listing_;
  /// That are not written yet; the heads are the first.
  std::size_t rows_ = 1;
};

}  // namespace

Expected<int> show(const Audit& audit, const ShowOptions& options) {
  Filter filter(options);
  if (const auto sensible = filter.check(); !sensible) return std::unexpected(sensible.error());
  Records records(audit);
  std::uint64_t shown = 0;
  domain::State state;
  Progress progress(audit.streams.talk, audit.streams.watched);
  const auto take = [&](const Step& step) {
    filter.note_names(step);
    if (!filter.matches(step)) return Rest::fold;
    records.add(step, filter);
    const bool enough = ++shown == options.count_max || !audit.streams.out;
    return enough ? Rest::leave : Rest::fold;
  };
  const auto head = audit.folder.read(state, progress, {.on_step = take, .tells_all = true});
  // What was read before the damage may be what somebody looks for.
  records.finish();
  if (!head) return std::unexpected(head.error());
  if (shown == 0)
    if (const auto known = filter.check_names(); !known) return std::unexpected(known.error());
  return 0;
}

}  // namespace postern::replay

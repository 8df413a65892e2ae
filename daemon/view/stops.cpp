#include "daemon/view/stops.h"

#include "daemon/domain/conditions.h"
#include "daemon/domain/time_text.h"
#include "daemon/view/grants.h"

namespace postern::view {

namespace {

using schema::Code;

/// What mends a code in a certain state of the user; elsewhere the code's own remedy does.
template <class State>
struct Remedy {
  State state;
  std::string_view text;
};

constexpr Remedy<schema::UserStatus> remedies_by_status[] = {
    {schema::UserStatus::new_user, "An administrator enables the user with 'user enable'."},
    {schema::UserStatus::inactive, "Enable the user with 'user enable'."},
    {schema::UserStatus::trashed, "Restore the user with 'user restore', then enable it."},
    {schema::UserStatus::deleted,
     "None: a deleted user never acts again. Create another, and give that one's credential."},
};

constexpr Remedy<schema::LockCause> remedies_by_lock[] = {
    {schema::LockCause::passwords, "Reset its password with 'password reset'."},
    {schema::LockCause::tenant,
     "Reset its password with 'password reset'; unlock it if it has none."},
    {schema::LockCause::operator_command, "Unlock it with 'user unlock'."},
};

template <class State, std::size_t count>
std::string_view look_up(const Remedy<State> (&table)[count], State state) {
  for (const Remedy<State>& row : table)
    if (row.state == state) return row.text;
  return {};
}

std::string_view remedy_of(const domain::Stop& stop, const Subject& subject,
                           const domain::CallFacts& call) {
  std::string_view found;
  if (stop.code == Code::user_not_active) found = look_up(remedies_by_status, subject.user->status);
  if (stop.code == Code::user_locked)
    for (const domain::Lock& lock : domain::locks_of(*subject.tenant, *subject.user, call.now_ns))
      if (lock.seq == stop.seq) found = look_up(remedies_by_lock, lock.cause);
  return found.empty() ? schema::code_text(stop.code).remedy : found;
}

}  // namespace

std::unique_ptr<schema::StopT> as_schema(const Inquiry& inquiry, const domain::Stop& stop,
                                         const Subject& subject, const domain::CallFacts& call) {
  auto made = std::make_unique<schema::StopT>();
  // Asked by name: there is no credential that could be wrong.
  const bool is_nobody = subject.tenant != nullptr && subject.user == nullptr;
  made->code = is_nobody ? Code::user_unknown : stop.code;
  const schema::CodeText& text = schema::code_text(made->code);
  made->sentence = text.sentence;
  made->remedy = subject.user == nullptr ? text.remedy : remedy_of(stop, subject, call);
  made->caused_by = cause_of(inquiry, stop.seq);
  // C12: the only credential of which a question by name can tell that it has ended.
  if (made->code == Code::credential_expired)
    made->sentence +=
        " Its password's hash was brought along, and ended on " +
        domain::time_text(imported_hash_ends_ns(inquiry, *subject.tenant, *subject.user)) +
        ", as it was not used within " +
        std::to_string(subject.tenant->policies.imported_hash_days) +
        " days (the policy imported_hash_days).";
  if (stop.grant != nullptr) made->grant = as_schema({*stop.grant, stop.role, stop.conditions});
  std::vector<std::string> parts;
  if (stop.conditions != nullptr)
    parts = domain::parts_told(*stop.conditions, stop.grant->deny, call);
  else if (stop.networks != nullptr)
    parts = domain::missing_facts(*stop.networks, call);
  for (const std::string& part : parts) made->sentence += " " + part;
  return made;
}

}  // namespace postern::view

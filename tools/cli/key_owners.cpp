#include "tools/cli/key_owners.h"

#include <algorithm>

#include "schema/uuid.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/schema_names.h"

namespace postern::cli {
namespace {

/// So many are remembered; of more, each is asked for again.
constexpr std::size_t known_max = 10'000;

std::string name_of(const schema::ApiKeyNames& names) {
  return text::uuid_text(names.user) + text::uuid_text(names.key);
}

Stop stop_of(const client::Error& error) {
  return {client::exit_code(error), error.sentence, error.remedy};
}

Stop stop_of(const schema::HistoryPageT& page) {
  const std::string sentence = page.problems.empty() || page.problems[0]->sentence.empty()
                                   ? text::code_sentence(page.code)
                                   : page.problems[0]->sentence;
  return {exit_code_of(page.code, exit_codes::missing), sentence, text::code_remedy(page.code)};
}

}  // namespace

const char* standing_text(KeyStanding standing) {
  switch (standing) {
    case KeyStanding::not_asked:
      return "not asked";
    case KeyStanding::unknown_user:
      return "unknown user";
    case KeyStanding::unknown_key:
      return "unknown key";
    case KeyStanding::live:
      return "live";
    case KeyStanding::expired:
      return "expired";
    case KeyStanding::revoked:
      return "revoked";
    case KeyStanding::deleted:
      return "deleted";
  }
  return "";
}

const KeyOwner& KeyOwners::of(const schema::ApiKeyNames& names) {
  const auto found = known_.find(name_of(names));
  return found != known_.end() ? found->second : anew(names);
}

const KeyOwner& KeyOwners::anew(const schema::ApiKeyNames& names) {
  if (known_.size() >= known_max) known_.clear();
  return known_[name_of(names)] = ask(names);
}

void KeyOwners::give_up(Stop why) {
  asks_ = false;
  trouble_ = std::move(why);
}

KeyOwner KeyOwners::ask(const schema::ApiKeyNames& names) {
  if (!asks_) return {};
  try {
    schema::GetUserT get;
    get.user_id = std::make_unique<schema::Uuid>(names.user);
    get.count_max = 1;
    const auto page = session_.client().history(request(std::move(get)));
    if (!page) return give_up(stop_of(page.error())), KeyOwner();
    if (page->code == schema::Code::user_unknown) {
      KeyOwner nobody;
      nobody.standing = KeyStanding::unknown_user;
      return nobody;
    }
    if (page->code != schema::Code::ok) return give_up(stop_of(*page)), KeyOwner();
    return read(names, *page);
  } catch (const Stop& stop) {
    give_up(stop);
    return {};
  }
}

KeyOwner KeyOwners::read(const schema::ApiKeyNames& names, const schema::HistoryPageT& page) {
  const auto* view = page.body.AsUserView();
  if (view == nullptr || !view->details || !view->security) Session::stop_unexpected();
  KeyOwner owner;
  owner.standing = KeyStanding::unknown_key;
  owner.tenant = view->details->tenant;
  owner.username = view->details->username;
  owner.status = view->details->status;
  owner.locked = !view->security->locks.empty();
  owner.version = view->details->version;
  const auto& keys = view->security->keys;
  const auto held = std::ranges::find_if(
      keys, [&](const auto& key) { return key->key && *key->key == names.key; });
  if (held != keys.end()) {
    owner.key_name = (*held)->name;
    owner.expires_ns = (*held)->expires_ns;
    owner.standing = KeyStanding::live;
  } else {
    read_past(names, owner);
  }
  if (owner.standing == KeyStanding::live && owner.expires_ns != 0 &&
      owner.expires_ns <= page.time_ns)
    owner.standing = KeyStanding::expired;
  if (owner.standing != KeyStanding::unknown_key && owner.standing != KeyStanding::revoked &&
      owner.status == schema::UserStatus::deleted)
    owner.standing = KeyStanding::deleted;
  return owner;
}

/// What the user does not hold, or its page has no room for.
void KeyOwners::read_past(const schema::ApiKeyNames& names, KeyOwner& owner) {
  walk(names, "KeyCreated", [&](const schema::RecordT&, const schema::EventT& event) {
    const auto* created = event.body.AsKeyCreated();
    if (created == nullptr || !created->key || *created->key != names.key) return;
    owner.standing = KeyStanding::live;
    owner.key_name = created->name;
    owner.expires_ns = created->expires_ns;
  });
  if (owner.standing == KeyStanding::unknown_key) return;
  walk(names, "KeyRevoked", [&](const schema::RecordT& record, const schema::EventT& event) {
    const auto* revoked = event.body.AsKeyRevoked();
    if (revoked == nullptr || !revoked->key || *revoked->key != names.key) return;
    owner.standing = KeyStanding::revoked;
    owner.revoked = std::make_unique<schema::CauseT>();
    owner.revoked->seq = record.seq;
    owner.revoked->time_ns = record.time_ns;
    owner.revoked->role = record.role;
    owner.revoked->reason = record.reason;
    owner.revoked->operator_name = Names(session_).operator_name(record.operator_id, record.role);
  });
}

void KeyOwners::walk(
    const schema::ApiKeyNames& names, const char* kind,
    const std::function<void(const schema::RecordT&, const schema::EventT&)>& take) {
  schema::GetRecordsT wanted;
  wanted.from_seq = 1;
  wanted.user_id = std::make_unique<schema::Uuid>(names.user);
  wanted.kind = kind;
  wanted.count_max = page_count;
  const auto ended = session_.client().follow(wanted, [&](const auto& page, auto records) {
    for (const auto& record : records)
      for (const auto& event : record.events) take(record, *event);
    return page.next_seq <= page.head_seq;
  });
  if (!ended) throw stop_of(ended.error());
  if (ended->code != schema::Code::ok) throw stop_of(*ended);
}

}  // namespace postern::cli

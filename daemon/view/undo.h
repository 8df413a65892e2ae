// H10: one record on its way to the commands that take it back. Events are looked at from the last
// to the first. A step refuses where something since rests on what an event did, or where it has
// no opposite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "command_generated.h"
#include "daemon/view/inquiry.h"

namespace postern::view {

class Undoing;

/// One plan, made in pieces: a step that has to look further for something than there is time for
/// is taken again from the first on, and what was found before is known then.
class UndoPlanning {
 public:
  explicit UndoPlanning(domain::Seq seq) : seq_(seq) {}

  /// Reads about so many records more. Nothing: there is more to do. The same view and the same
  /// asker each time.
  Answer<std::optional<schema::UndoPlanT>> go_on(const Inquiry& inquiry, std::size_t reads);
  /// Records that were read.
  std::uint64_t read() const { return read_; }

 private:
  friend class Undoing;

  /// One look for a record, in the order that the steps ask for them.
  struct Search {
    /// Where it goes on; 0: nowhere.
    domain::Seq place = 0;
    bool is_over = false;
    std::shared_ptr<const schema::Record> found = {};
    /// What else it has come by.
    std::vector<std::shared_ptr<const schema::Record>> passed = {};
  };
  /// Of each role, the newest record but the one that is undone by which somebody holds it.
  using Holdings = std::map<std::pair<std::uint64_t, std::uint64_t>, domain::Seq>;

  const domain::Seq seq_;
  std::uint64_t read_ = 0;
  std::deque<Search> searches_;
  std::map<domain::Seq, std::shared_ptr<const schema::Record>> records_;
  /// All structural ones before, once somebody asks for them.
  std::optional<Search> earlier_;
  std::shared_ptr<const domain::State> before_;
  std::optional<Holdings> holdings_;
  std::map<std::string, domain::Seq> known_;
};

/// Lives while the steps of one plan are taken once.
class Undoing {
 public:
  using Step = std::expected<void, schema::ProblemT>;
  using Matches = std::function<bool(const schema::Event&)>;

  /// So many records are looked at for what lay before and what came after; beyond, `gave_up`.
  static constexpr std::size_t reads_max = 200'000;

  Undoing(const Inquiry& inquiry, const schema::Record& record, const domain::Tenant* tenant,
          UndoPlanning& planning, std::size_t reads)
      : inquiry(inquiry), record(record), tenant(tenant), planning_(planning), reads_(reads) {}

  const Inquiry& inquiry;
  const schema::Record& record;
  /// The record's; null: it concerns none.
  const domain::Tenant* tenant;
  std::vector<std::unique_ptr<schema::CommandT>> commands = {};
  /// Sentences on what does not come back.
  std::vector<std::string> left = {};
  /// More would have to be read than may be for one plan, or what cannot be.
  bool gave_up = false;
  /// More than there is time for now.
  bool is_paused = false;

  domain::Seq seq() const { return record.seq(); }
  const View::Tables& tables() const { return inquiry.view.tables(); }
  /// Whom an event of the record is about.
  const domain::User& user(const schema::Event& event) const {
    return *tables().find_user(*event.user());
  }

  /// About the tenant itself. The first says which record must be the newest to have changed it.
  template <class Body>
  void send(Body body) {
    add(std::move(body));
    expect_tenant(*commands.back());
  }
  /// The first about a user says the version that the user must have; one about a role, too, what
  /// is expected of the tenant.
  template <class Body>
  void send(const domain::User& user, Body body) {
    constexpr bool names_role =
        std::is_same_v<Body, schema::AssignRoleT> || std::is_same_v<Body, schema::UnassignRoleT>;
    add(std::move(body));
    name(user, *commands.back());
    if (names_role) expect_tenant(*commands.back());
  }
  /// About an operator that is there.
  template <class Body>
  void send(const domain::Operator& entry, Body body) {
    body.name = entry.name;
    add(std::move(body));
    commands.back()->expected_seq = entry.changed_seq;
  }
  /// About what is not there: it is refused where somebody has made it since.
  template <class Body>
  void add(Body body) {
    commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(body));
  }

  Step overtaken(domain::Seq later, std::string_view what) const;
  static Step impossible(std::string_view sentence);

  /// Whether no event after this one, in the record, was asked about under these names.
  bool is_last(std::string_view facet, const Uuid& id);
  /// What one event made another event of this record took away again: neither is taken back.
  void cancel(domain::Seq seq, std::uint64_t index) { cancelled_grants_.emplace(seq, index); }
  bool is_cancelled(domain::Seq seq, std::uint64_t index) const {
    return cancelled_grants_.contains({seq, index});
  }

  /// A role that the record deleted, which the commands so far make again as it was before.
  void make_again(const Uuid& role, std::string name) {
    made_again_[{role.high(), role.low()}] = std::move(name);
  }
  bool is_made_again(const Uuid& role) const { return !name_made_again(role).empty(); }
  /// Empty: it is not made again.
  std::string name_made_again(const Uuid& role) const {
    const auto place = made_again_.find({role.high(), role.low()});
    return place == made_again_.end() ? std::string() : place->second;
  }

  /// The first event of the record that matches; null: none.
  const schema::Event* first(const Matches& matches) const;

  std::shared_ptr<const schema::Record> read(domain::Seq seq);
  /// The newest record after this one with such an event about the user; 0: none.
  domain::Seq later_of(const domain::User& user, const Matches& matches);
  /// The newest record before this one with such an event about the user, and the event.
  struct Found {
    std::shared_ptr<const schema::Record> record;
    const schema::Event* event = nullptr;
  };
  Found earlier_of(const domain::User& user, const Matches& matches);
  /// Of all records of the tenant, or of those of none: the first one after this; 0: none.
  domain::Seq later(const Matches& matches);
  /// The newest before, by the tenant's links, or looking at each record where it has no tenant.
  Found earlier(const Matches& matches);
  /// All before of the tenant that have such an event, the newest first; looked for once, so that
  /// it is the same event each time.
  std::vector<std::shared_ptr<const schema::Record>> all_earlier(const Matches& matches);
  /// The tenant as it was before, made once.
  template <class Make>
  std::shared_ptr<const domain::State> state_before(Make make) {
    if (planning_.before_ != nullptr) return planning_.before_;
    auto made = std::make_shared<const domain::State>(make());
    if (!is_paused && !gave_up) planning_.before_ = made;
    return made;
  }
  /// The newest record but this one by which somebody holds the role; 0: none.
  domain::Seq newest_holding(const Uuid& role);
  /// What takes a look at all users, once for each name.
  template <class Look>
  domain::Seq known(const std::string& name, Look look) {
    const auto place = planning_.known_.find(name);
    if (place != planning_.known_.end()) return place->second;
    return planning_.known_[name] = look();
  }

 private:
  using Search = UndoPlanning::Search;

  Search& next_search(domain::Seq begin);
  std::shared_ptr<const schema::Record> fetch(domain::Seq seq);
  void name(const domain::User& user, schema::CommandT& command);
  void expect_tenant(schema::CommandT& command);
  bool concerns_the_same(const schema::Record& other) const;

  std::set<std::pair<std::string, std::pair<std::uint64_t, std::uint64_t>>> facets_;
  std::set<std::pair<domain::Seq, std::uint64_t>> cancelled_grants_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> named_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> made_again_;
  bool expects_tenant_ = false;
  UndoPlanning& planning_;
  /// Left for now.
  std::size_t reads_;
  std::size_t next_search_ = 0;
};

bool is_kind(const schema::Event& event, schema::EventBody kind);
bool is_about(const schema::Event& event, const Uuid& user);
/// The role that an event is about; null: none.
const Uuid* role_of(const schema::Event& event);
/// The last event of a record that matches; null: none.
const schema::Event* last_of(const schema::Record& record, const Undoing::Matches& matches);

/// What takes one event back; `index`: its place in its record. One about a user is about one that
/// is not deleted.
using Undo = Undoing::Step (*)(Undoing& undoing, const schema::Event& event, std::uint16_t index);

// ---- users, in undo_users.cpp
Undoing::Step undo_creation(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_status(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_lock(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_api_access(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_renaming(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_settings(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_profile(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_key(Undoing&, const schema::Event&, std::uint16_t);

// ---- access, in undo_grants.cpp and undo_roles.cpp
Undoing::Step undo_grant_added(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_grant_removed(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_role_grant_added(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_role_grant_removed(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_assignment(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_unassignment(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_nesting(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_unnesting(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_role_created(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_role_deleted(Undoing&, const schema::Event&, std::uint16_t);

// ---- tenants and operators, in undo_tenants.cpp and undo_operators.cpp
Undoing::Step undo_tenant_status(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_policies(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_catalogue(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_operator_added(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_operator_changed(Undoing&, const schema::Event&, std::uint16_t);
Undoing::Step undo_operator_removed(Undoing&, const schema::Event&, std::uint16_t);

/// What refuses where a role is not there any more.
Undoing::Step role_is_gone(Undoing& undoing, const Uuid& role);

/// The tenant as the records before this one left it, without its users: what is in the state at
/// that moment of policies, catalogue and roles.
domain::State tenant_before(Undoing& undoing);

}  // namespace postern::view

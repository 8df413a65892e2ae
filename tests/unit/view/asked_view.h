// A story's entries in a view, and questions about them. What lies in no view is made up: record n
// was made at n microseconds by `root`, for the reason "reason n".
#pragma once

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/view/answers.h"
#include "tests/support/scenario.h"

namespace postern::support {

// ---- commands beside those of scenario.h

inline schema::CommandT role(std::string name) {
  schema::CreateRoleT body;
  body.name = std::move(name);
  return command(std::move(body));
}

inline schema::CommandT role_grant(schema::Effect effect, std::string name, std::string action,
                                   std::string resource) {
  schema::AddRoleGrantT body;
  body.role = std::move(name);
  body.effect = effect;
  body.action = std::move(action);
  body.resource = std::move(resource);
  return command(std::move(body));
}

inline schema::CommandT nest(std::string outer, std::string inner) {
  schema::NestRoleT body;
  body.role = std::move(outer);
  body.inner = std::move(inner);
  return command(std::move(body));
}

inline schema::CommandT assign(std::string username, std::string name) {
  schema::AssignRoleT body;
  body.role = std::move(name);
  return to(std::move(username), std::move(body));
}

/// C8: for these actions and resources alone.
inline schema::CommandT key(std::string username, std::string name,
                            std::vector<std::pair<std::string, std::string>> parts = {}) {
  schema::CreateKeyT body;
  body.name = std::move(name);
  for (auto& [action, resource] : parts) {
    auto& part = body.narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
    part->action = std::move(action);
    part->resource = std::move(resource);
  }
  return to(std::move(username), std::move(body));
}

inline std::unique_ptr<schema::QuestionT> question(std::string action, std::string resource) {
  auto made = std::make_unique<schema::QuestionT>();
  made->action = std::move(action);
  made->resource = std::move(resource);
  return made;
}

// ---- the view

/// Owned by one test. The story may go on; `refresh` shows what it came to.
class AskedView {
 public:
  explicit AskedView(Scenario told) : story(std::move(told)) {
    sources_.cause = [this](domain::Seq seq) {
      causes_asked.push_back(seq);
      schema::CauseT cause;
      cause.seq = seq;
      if (unreadable == seq) return cause;
      cause.time_ns = static_cast<std::int64_t>(seq) * 1'000;
      cause.operator_id = std::make_unique<Uuid>(story.state().tables().find_operator("root")->id);
      cause.role = Role::owner;
      cause.reason = "reason " + std::to_string(seq);
      return cause;
    };
    sources_.personal = [this](const domain::User& user) {
      schema::PersonalT personal;
      if (opens_profiles) {
        if (user.sealed_profile != nullptr)
          flatbuffers::GetRoot<schema::Personal>(user.sealed_profile->data())->UnPackTo(&personal);
        return personal;
      }
      personal.note = "note on " + user.username;
      personal.profile = std::make_unique<schema::ProfileT>();
      personal.profile->first_name = first_names[user.username];
      return personal;
    };
    sources_.session = [this](std::string_view text) -> std::optional<view::Session> {
      const auto place = sessions.find(std::string(text));
      if (place == sessions.end()) return std::nullopt;
      return place->second;
    };
    sources_.key_beginning = [](const Uuid&) { return "key_"; };
    sources_.record = [this](domain::Seq seq) -> std::shared_ptr<const schema::Record> {
      const auto& records = story.world().records();
      if (seq == 0 || seq > records.size() || seq == unreadable) return nullptr;
      auto bytes = std::make_shared<const Bytes>(records[seq - 1]);
      const auto* record = flatbuffers::GetRoot<schema::Record>(bytes->data());
      return {std::move(bytes), record};
    };
    sources_.imported_ns = [this](const domain::User& user) { return imported_ns[user.username]; };
    refresh();
  }

  void refresh() {
    view = view::View();
    view.load(story.state().tables());
    sources_.view_seq = story.state().seq();
    sources_.newest = story.state().seq();
  }

  /// `asker`: an operator that the story knows.
  template <class Wanted>
  auto ask(const Wanted& wanted, std::string_view asker = "root") {
    using Table = typename Wanted::TableType;
    const auto bytes = packed<Table>(wanted);
    return view::answer(inquiry(asker), *flatbuffers::GetRoot<Table>(bytes.data()));
  }
  /// An answer that is not refused.
  template <class Wanted>
  auto page(const Wanted& wanted, std::string_view asker = "root") {
    auto answer = ask(wanted, asker);
    if (!answer) throw std::runtime_error(answer.error().sentence);
    return std::move(*answer);
  }
  template <class Wanted>
  Code refusal(const Wanted& wanted, std::string_view asker = "root") {
    const auto answer = ask(wanted, asker);
    return answer ? Code::ok : answer.error().code;
  }

  const domain::Operator& asker(std::string_view name) const {
    return *view.tables().find_operator(name);
  }
  view::Inquiry inquiry(std::string_view name = "root") {
    return {view, asker(name), story.world().now_ns(), sources_};
  }
  /// A session of the user as it begins now.
  view::Session session_of(std::string_view username, const domain::ApiKey* made_with = nullptr) {
    const domain::User& user = story.user(username);
    view::Session session;
    session.tenant = user.tenant;
    session.user = user.id;
    session.session = Uuid(5, 5);
    if (made_with != nullptr) session.key = made_with->id;
    session.expires_ns = story.world().now_ns() + 1;
    session.user_epoch = domain::extras_of(user).session_epoch;
    session.tenant_epoch = story.tenant().session_epoch;
    return session;
  }

  Scenario story;
  view::View view;
  std::map<std::string, view::Session> sessions;
  /// By username.
  std::map<std::string, std::string> first_names;
  /// C12: when a user's hash was brought along, by username.
  std::map<std::string, std::int64_t> imported_ns;
  /// Profile and note are what the story's commands said, not made up.
  bool opens_profiles = false;
  std::vector<domain::Seq> causes_asked;
  /// The record that nobody can read; 0: none.
  domain::Seq unreadable = 0;

  /// Lists that go on find their next pages there.
  void look_ahead(view::ListsAhead& ahead) { sources_.ahead = &ahead; }

 private:
  view::Sources sources_;
};

}  // namespace postern::support

#include "tools/bench/messages.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "command_generated.h"
#include "query_generated.h"
#include "schema/identifiers.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr std::size_t batch_commands_max = 1'000;

std::string bytes_of(const FlatBufferBuilder& builder) {
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

std::string finish_query(FlatBufferBuilder& builder, std::uint64_t id, const std::string& tenant,
                         schema::QueryBody kind, Offset<void> body) {
  const auto alias = builder.CreateString(tenant);
  builder.Finish(
      schema::CreateQuery(builder, schema::protocol_version, id, alias, 0, 0, 0, kind, body),
      schema::query_identifier);
  return bytes_of(builder);
}

std::string check_message(std::uint64_t id, std::size_t user,
                          std::span<const ExpectedAnswer> asked) {
  FlatBufferBuilder builder(64 + 128 * asked.size());
  std::vector<Offset<schema::Question>> questions;
  for (const ExpectedAnswer& one : asked) {
    const auto action = builder.CreateString(action_text(one.right.action));
    const auto resource = builder.CreateString(resource_text(one.right.resource));
    questions.push_back(schema::CreateQuestion(builder, action, resource));
  }
  const auto name = schema::CreateNamedUser(builder, builder.CreateString(username_of(user)));
  const auto body = schema::CreateCheck(builder, schema::Credential::NamedUser, name.Union(),
                                        builder.CreateVector(questions));
  return finish_query(builder, id, tenant_of(user), schema::QueryBody::Check, body.Union());
}

std::string authentication_message(std::uint64_t id, const std::string& tenant,
                                   const std::string& username, bool declines_token) {
  FlatBufferBuilder builder(256);
  const auto credential = schema::CreatePasswordCredential(builder, builder.CreateString(username),
                                                           builder.CreateString(password_of(id)));
  const auto body = schema::CreateAuthenticate(builder, schema::Credential::PasswordCredential,
                                               credential.Union(), declines_token);
  return finish_query(builder, id, tenant, schema::QueryBody::Authenticate, body.Union());
}

template <class Root>
const Root& open(std::string_view bytes, const char* identifier) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), 16, 100'000);
  if (bytes.size() < 8 || !verifier.VerifyBuffer<Root>(identifier))
    wrong_answer("it is no " + std::string(identifier) + " message");
  return *flatbuffers::GetRoot<Root>(data);
}

std::string name_of(schema::Code code) {
  const char* name = schema::EnumNameCode(code);
  return *name == '\0' ? std::to_string(static_cast<unsigned>(code)) : name;
}

schema::Code code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::allowed:
      return schema::Code::ok;
    case Verdict::denied_by_grant:
      return schema::Code::denied_by_grant;
    case Verdict::no_matching_grant:
      return schema::Code::no_matching_grant;
  }
  fail(exit_codes::wrong_answer, "an impossible verdict");
}

void check_decision(const ExpectedAnswer& asked, const schema::Decision& decision,
                    std::string* told) {
  const schema::Code expected = code_of(asked.verdict);
  if (decision.reason() != expected || decision.allowed() != (expected == schema::Code::ok))
    wrong_answer("a decision says " + name_of(decision.reason()) + " instead of " +
                 name_of(expected));
  const auto* grant = decision.grant();
  if ((grant != nullptr) != (asked.verdict != Verdict::no_matching_grant))
    wrong_answer("a decision names a grant where there is none, or none where there is one");
  if (grant != nullptr &&
      (grant->resource() == nullptr || grant->action() == nullptr ||
       grant->resource()->string_view() != resource_text(asked.right.resource) ||
       grant->action()->string_view() != action_text(asked.right.action)))
    wrong_answer("a decision names another grant than the one that decides");
  if (told == nullptr) return;
  *told += name_of(decision.reason());
  if (grant != nullptr) *told += ' ' + grant->action()->str() + ' ' + grant->resource()->str();
  *told += '\n';
}

// ---- commands

/// A UUIDv7 whose last 32 bits are the message's number and whose 24 bits before are the stream's.
schema::Uuid command_id(std::uint32_t stream, std::size_t index) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  return {(ms << 16) | 0x7000, (std::uint64_t{1} << 63) | (std::uint64_t{stream} << 32) | index};
}

class CommandMessageMaker {
 public:
  CommandMessageMaker(CommandStream& stream, std::string tenant)
      : stream_(stream), tenant_(std::move(tenant)) {}

  /// `user` is empty where the body names it.
  template <class Body>
  void add(std::string_view user, Offset<Body> body) {
    const auto name = user.empty() ? Offset<flatbuffers::String>() : builder_.CreateString(user);
    commands_.push_back(schema::CreateCommand(
        builder_, name, nullptr, 0, schema::CommandBodyTraits<Body>::enum_value, body.Union()));
  }
  FlatBufferBuilder& builder() { return builder_; }
  std::size_t size() const { return commands_.size(); }

  void finish() {
    const schema::Uuid id = command_id(stream_.number, stream_.reel.messages.size());
    const auto alias =
        tenant_.empty() ? Offset<flatbuffers::String>() : builder_.CreateString(tenant_);
    const auto commands = builder_.CreateVector(commands_);
    builder_.Finish(schema::CreateCommandMessage(builder_, schema::protocol_version, &id, alias, 0,
                                                 false, 0, commands),
                    schema::command_message_identifier);
    stream_.reel.messages.push_back(bytes_of(builder_));
    builder_.Clear();
    commands_.clear();
  }

 private:
  CommandStream& stream_;
  std::string tenant_;
  FlatBufferBuilder builder_;
  std::vector<Offset<schema::Command>> commands_;
};

void add_user(CommandMessageMaker& maker, std::size_t user, bool with_password) {
  FlatBufferBuilder& builder = maker.builder();
  const std::string username = username_of(user);
  schema::CreateUserT body;
  body.username = username;
  if (with_password) body.password = password_of(user);
  maker.add({}, schema::CreateCreateUser(builder, &body));
  for (const Grant& grant : grants_of(user)) {
    const auto action = builder.CreateString(action_text(grant.right.action));
    const auto resource = builder.CreateString(resource_text(grant.right.resource));
    const auto effect = grant.deny ? schema::Effect::deny : schema::Effect::allow;
    maker.add(username, schema::CreateAddGrant(builder, effect, action, resource));
  }
}

void cross_off(std::multiset<std::uint64_t>& asked, std::uint64_t id) {
  const auto place = asked.find(id);
  if (place == asked.end()) wrong_answer("it is to no question that was asked");
  asked.erase(place);
}

}  // namespace

QuestionSet make_questions(std::size_t messages, std::size_t per_message, std::size_t first_user,
                           std::size_t last_user, std::uint64_t seed) {
  QuestionSet set;
  set.per_message = per_message;
  Numbers numbers(seed);
  for (std::size_t id = 0; id < messages; ++id) {
    const std::size_t user = first_user + numbers.below(last_user - first_user);
    const Grants grants = grants_of(user);
    set.usernames.push_back(username_of(user));
    for (std::size_t i = 0; i < per_message; ++i)
      set.asked.push_back(draw_question(grants, numbers));
    set.reel.messages.push_back(check_message(id, user, std::span(set.asked).last(per_message)));
  }
  return set;
}

void check_decisions(const QuestionSet& questions, const Run& run, std::string* told) {
  if (run.answers.size() != run.asked.size()) wrong_answer("there are too few or too many");
  // Answers come in any order: a long check waits for its turns.
  std::multiset<std::uint64_t> asked(run.asked.begin(), run.asked.end());
  std::map<std::uint64_t, std::string> told_of;
  for (std::size_t i = 0; i < run.answers.size(); ++i) {
    const auto& answer = open<schema::Answer>(run.answers[i], schema::answer_identifier);
    cross_off(asked, answer.id());
    if (answer.code() != schema::Code::ok) wrong_answer("a check ended " + name_of(answer.code()));
    const auto* checked = answer.body_as_Checked();
    const auto expected = std::span(questions.asked)
                              .subspan(answer.id() * questions.per_message, questions.per_message);
    if (checked == nullptr || checked->decisions() == nullptr ||
        checked->decisions()->size() != expected.size())
      wrong_answer("it does not have a decision for each question");
    for (flatbuffers::uoffset_t place = 0; place < expected.size(); ++place)
      check_decision(expected[place], *checked->decisions()->Get(place),
                     told == nullptr ? nullptr : &told_of[answer.id()]);
  }
  for (const auto& [id, text] : told_of) *told += std::to_string(id) + '\n' + text;
}

Reel make_password_guesses(std::size_t count) {
  Reel reel;
  for (std::size_t id = 0; id < count; ++id)
    reel.messages.push_back(
        authentication_message(id, tenant_of(0), "nobody-" + std::to_string(id), true));
  return reel;
}

Reel make_authentications(std::size_t users) {
  Reel reel;
  for (std::size_t user = 0; user < users; ++user)
    reel.messages.push_back(
        authentication_message(user, tenant_of(user), username_of(user), false));
  return reel;
}

void check_authenticated(const Run& run) {
  if (run.answers.size() != run.asked.size()) wrong_answer("there are too few or too many");
  // Hashes end in any order, so the answers of one connection do.
  std::multiset<std::uint64_t> asked(run.asked.begin(), run.asked.end());
  for (std::size_t i = 0; i < run.answers.size(); ++i) {
    const auto& answer = open<schema::Answer>(run.answers[i], schema::answer_identifier);
    if (answer.code() != schema::Code::ok)
      wrong_answer("an authentication ended " + name_of(answer.code()));
    cross_off(asked, answer.id());
    const auto* body = answer.body_as_Authenticated();
    if (body == nullptr || !body->allowed()) wrong_answer("a right password was refused");
    if (body->username() == nullptr || body->username()->string_view() != username_of(answer.id()))
      wrong_answer("an authentication is of another user");
    if (body->token() == nullptr) wrong_answer("an authentication gave no token");
  }
}

void check_guesses_refused(const Run& run) {
  for (std::size_t i = 0; i < run.answers.size(); ++i) {
    const auto& answer = open<schema::Answer>(run.answers[i], schema::answer_identifier);
    const auto* body = answer.body_as_Authenticated();
    if (answer.code() != schema::Code::ok || body == nullptr || body->allowed() ||
        body->reason() != schema::Code::invalid_credentials)
      wrong_answer("a guess at nobody's password was not refused as wrong");
  }
}

CommandStream make_tenants(std::uint32_t stream, std::size_t user_count) {
  CommandStream made;
  made.number = stream;
  for (std::size_t user = 0; user < user_count; user += users_per_tenant) {
    CommandMessageMaker maker(made, {});
    auto& builder = maker.builder();
    maker.add({}, schema::CreateCreateTenant(builder, builder.CreateString(tenant_of(user))));
    maker.finish();
  }
  return made;
}

CommandStream make_access_switches(std::uint32_t stream, std::size_t count, std::size_t first_user,
                                   std::size_t last_user) {
  CommandStream made;
  made.number = stream;
  CommandMessageMaker maker(made, tenant_of(first_user));
  const std::size_t users = last_user - first_user;
  for (std::size_t n = 0; n < count; ++n) {
    const bool allowed = n / users % 2 == 1;
    maker.add(username_of(first_user + n % users),
              schema::CreateSetApiAccess(maker.builder(), allowed));
    maker.finish();
  }
  return made;
}

CommandStream make_password_resets(std::uint32_t stream, std::size_t users) {
  CommandStream made;
  made.number = stream;
  CommandMessageMaker maker(made, tenant_of(0));
  for (std::size_t user = 0; user < users; ++user) {
    schema::ResetPasswordT body;
    body.password = password_of(user);
    maker.add(username_of(user), schema::CreateResetPassword(maker.builder(), &body));
    maker.finish();
  }
  return made;
}

CommandStream make_users(std::uint32_t stream, std::size_t first_user, std::size_t last_user,
                         bool with_passwords) {
  CommandStream made;
  made.number = stream;
  constexpr std::size_t users_per_message = batch_commands_max / (1 + grants_per_user);
  made.commands_per_message = users_per_message * (1 + grants_per_user);
  for (std::size_t user = first_user; user < last_user;) {
    CommandMessageMaker maker(made, tenant_of(user));
    const std::size_t tenant_end = (user / users_per_tenant + 1) * users_per_tenant;
    const std::size_t end = std::min({user + users_per_message, last_user, tenant_end});
    for (; user < end; ++user) add_user(maker, user, with_passwords);
    maker.finish();
  }
  return made;
}

std::uint64_t check_receipts(const CommandStream& stream, const Run& run) {
  std::vector<bool> seen(stream.reel.messages.size());
  std::set<std::uint64_t> seqs;
  for (std::size_t i = 0; i < run.answers.size(); ++i) {
    const auto& receipt = open<schema::Receipt>(run.answers[i], schema::receipt_identifier);
    if (receipt.code() != schema::Code::ok) {
      const auto* problems = receipt.problems();
      const auto* sentence =
          problems == nullptr || problems->size() == 0 ? nullptr : problems->Get(0)->sentence();
      wrong_answer("a command ended " + name_of(receipt.code()) + ": " +
                   (sentence == nullptr ? "" : sentence->str()));
    }
    const std::uint64_t low = receipt.id() == nullptr ? 0 : receipt.id()->low();
    const auto index = static_cast<std::uint32_t>(low);
    if (index >= seen.size() || (low >> 32 & 0xffffff) != stream.number)
      wrong_answer("a receipt is for a command that was not sent");
    if (seen[index]) wrong_answer("a command has two receipts");
    if (receipt.repeated() || receipt.seq() == 0 || !seqs.insert(receipt.seq()).second)
      wrong_answer("a receipt names no record of its own");
    seen[index] = true;
  }
  for (const std::uint32_t index : run.asked)
    if (!seen[index]) wrong_answer("a command has no receipt");
  return seqs.empty() ? 0 : *seqs.rbegin();
}

}  // namespace postern::bench

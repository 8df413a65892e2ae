#include "tests/integration/secret_paths.h"

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "schema/identifiers.h"
#include "tests/support/raw_peer.h"

namespace postern::support {

namespace {

using schema::Code;

std::int64_t in_an_hour_ns() {
  const auto then = std::chrono::system_clock::now() + std::chrono::hours(1);
  return std::chrono::nanoseconds(then.time_since_epoch()).count();
}

template <class Credential>
schema::QueryT authenticate_by(Credential credential) {
  schema::QueryT query;
  query.tenant = "acme";
  schema::AuthenticateT body;
  body.credential.Set(std::move(credential));
  query.body.Set(std::move(body));
  return query;
}

schema::KeyCredentialT key_credential(std::string key) {
  schema::KeyCredentialT credential;
  credential.key = std::move(key);
  return credential;
}

schema::TokenCredentialT token_credential(std::string token) {
  schema::TokenCredentialT credential;
  credential.token = std::move(token);
  return credential;
}

schema::QueryT renew(std::string token) {
  schema::RenewSessionT body;
  body.token = std::move(token);
  schema::QueryT query;
  query.body.Set(std::move(body));
  return query;
}

/// So many questions, so that the message is as long as that.
schema::QueryT check_by_password(std::string user, std::string password, std::size_t questions) {
  auto query = check_by_name("acme", "", "read", "table/customer");
  schema::PasswordCredentialT credential;
  credential.username = std::move(user);
  credential.password = std::move(password);
  auto& body = *query.body.AsCheck();
  body.credential.Set(std::move(credential));
  for (std::size_t count = 1; count < questions; ++count) {
    auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = "read";
    question->resource = "table/customer/" + std::to_string(count);
  }
  return query;
}

schema::CommandMessageT create_with(std::string user, std::string password) {
  auto message = create_user("acme", std::move(user));
  message.commands[0]->body.AsCreateUser()->password = std::move(password);
  return message;
}

schema::CommandMessageT change_password(std::string user, std::string current,
                                        std::string password) {
  schema::ChangePasswordT body;
  body.current_password = std::move(current);
  body.password_confirmation = password;
  body.password = std::move(password);
  return command_message("acme", std::move(user), std::move(body));
}

template <class Root, class Native>
RawPeer::Bytes packed(const Native& native, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Root::Pack(builder, &native), identifier);
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

RawPeer::Bytes command_bytes(schema::CommandMessageT message) {
  message.id = std::make_unique<schema::Uuid>(client::make_uuid());
  return packed<schema::CommandMessage>(message, schema::command_message_identifier);
}

}  // namespace

SecretPaths::SecretPaths() : DaemonProcess("[log]\nlevel = \"debug\"\n") {
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  // The owner's own secret lies beside the data for the owner to take away.
  canaries.add("the owner's secret key", client::key_text(owner_keys().secret_key));
  auto by = owner();
  run(by, create_tenant("acme"), Code::ok);
  create_open_user(open_name);
  run(by, add_operator("site", schema::Role::service, service_keys_.public_key, {"acme"}),
      Code::ok);
  run(by, add_operator("eye", schema::Role::auditor, auditor_keys_.public_key, {"acme"}), Code::ok);
}

void SecretPaths::create_open_user(std::string& name) {
  name = canaries.make("an open name");
  auto by = owner();
  run(by, create_user("acme", name), Code::ok);
}

std::vector<SecretPaths::Door> SecretPaths::doors() const {
  auto tcp = client::Client::make(tcp_options(owner_keys()));
  BOOST_REQUIRE(tcp);
  std::vector<Door> both;
  both.push_back({"ipc", owner()});
  both.push_back({"tcp", std::move(*tcp)});
  return both;
}

client::Client SecretPaths::service() const {
  auto made = client::Client::make(tcp_options(service_keys_));
  BOOST_REQUIRE(made);
  return std::move(*made);
}

template <class Table>
void SecretPaths::hear(const typename Table::NativeTableType& answer, std::string& to) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Table::Pack(builder, &answer));
  to.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

schema::ReceiptT SecretPaths::run(client::Client& by, schema::CommandMessageT message,
                                  Code expected) {
  auto got = by.execute(std::move(message));
  BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
  const auto secrets = std::exchange(got->secrets, {});
  hear<schema::Receipt>(*got, heard);
  got->secrets = secrets;
  BOOST_TEST((got->code == expected), schema::EnumNameCode(got->code)
                                          << " instead of " << schema::EnumNameCode(expected));
  return std::move(*got);
}

schema::AnswerT SecretPaths::ask(client::Client& by, schema::QueryT query, Code expected) {
  query.call = std::make_unique<schema::CallT>();
  query.call->address = "192.0.2.7";
  auto got = by.ask(std::move(query));
  BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
  Code code = got->code;
  std::string token;
  if (auto* authenticated = got->body.AsAuthenticated()) {
    token = std::exchange(authenticated->token, {});
    code = authenticated->reason;
  }
  if (const auto* checked = got->body.AsChecked()) code = checked->decisions.at(0)->reason;
  hear<schema::Answer>(*got, heard);
  hear<schema::Answer>(*got, answers);
  if (auto* authenticated = got->body.AsAuthenticated()) authenticated->token = token;
  BOOST_TEST((code == expected), schema::EnumNameCode(code)
                                     << " instead of " << schema::EnumNameCode(expected));
  return std::move(*got);
}

void SecretPaths::read(schema::HistoryBodyUnion body) {
  schema::HistoryRequestT request;
  request.body = std::move(body);
  auto by = owner();
  const auto got = by.history(std::move(request));
  BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
  hear<schema::HistoryPage>(*got, heard);
}

void SecretPaths::send_passwords() {
  for (Door& door : doors()) {
    create_users(door);
    change_passwords(door);
    send_batches(door);
    log_in(door);
  }
}

void SecretPaths::create_users(Door& door) {
  client::Client& by = door.client;
  const auto secret = [&](const char* path) { return canaries.make(door.name + ": " + path); };
  const std::string user = "shop-" + door.name;
  auto create = create_with(user, secret("create"));
  auto& body = *create.commands[0]->body.AsCreateUser();
  body.password_confirmation = body.password;
  body.note = personal.make("note");
  body.profile = std::make_unique<schema::ProfileT>();
  body.profile->first_name = personal.make("first name");
  body.settings = std::make_unique<schema::UserSettingsT>();
  body.settings->api_logging = true;
  const std::string password = body.password;
  run(by, std::move(create), Code::ok);
  run(by, add_grant("acme", user, schema::Effect::allow, "read", "table/customer"), Code::ok);
  ask(by, authenticate("acme", user, password), Code::ok);

  run(by, create_with(user, secret("create again")), Code::user_exists);
  run(by, create_with("not a name", secret("malformed name")), Code::field_malformed);
  auto dry = create_with("nobody", secret("dry run"));
  dry.dry_run = true;
  run(by, std::move(dry), Code::ok);
  auto unlike = create_with("nobody", secret("unlike"));
  unlike.commands[0]->body.AsCreateUser()->password_confirmation = secret("its confirmation");
  run(by, std::move(unlike), Code::password_confirmation_differs);
  run(by, create_with("nobody", "password" + secret("forbidden word")),
      Code::password_contains_forbidden_word);
  run(by, create_with("nobody", secret("too long") + std::string(1'100, 'x')),
      Code::password_too_long);
  auto nowhere = create_with("nobody", secret("unknown tenant"));
  nowhere.tenant = "nowhere";
  run(by, std::move(nowhere), Code::tenant_unknown);
}

void SecretPaths::change_passwords(Door& door) {
  client::Client& by = door.client;
  const auto secret = [&](const char* path) { return canaries.make(door.name + ": " + path); };
  const std::string user = "shop-" + door.name;
  auto reset = reset_password("acme", user, secret("reset"));
  const auto id = client::make_uuid();
  reset.id = std::make_unique<schema::Uuid>(id);
  run(by, std::move(reset), Code::ok);
  auto again = reset_password("acme", user, secret("the same id again"));
  again.id = std::make_unique<schema::Uuid>(id);
  BOOST_TEST(run(by, std::move(again), Code::ok).repeated);
  auto old = reset_password("acme", user, secret("old id"));
  old.id = std::make_unique<schema::Uuid>(1'700'000'000'000ULL << 16U | 0x7000, 1ULL << 63U);
  run(by, std::move(old), Code::command_id_expired);
  auto conflict = reset_password("acme", user, secret("version conflict"));
  conflict.commands[0]->expected_version = 77;
  run(by, std::move(conflict), Code::version_conflict);
  run(by, reset_password("acme", "nobody", secret("unknown user")), Code::user_unknown);
  auto eye = client::Client::make(tcp_options(auditor_keys_));
  BOOST_REQUIRE(eye);
  run(*eye, reset_password("acme", user, secret("not permitted")), Code::not_permitted);

  schema::RotatePasswordT rotate;
  const std::string current = secret("rotate");
  rotate.password = current;
  rotate.old_valid_until_ns = in_an_hour_ns();
  run(by, command_message("acme", user, std::move(rotate)), Code::ok);
  auto site = service();
  run(site, change_password(user, secret("wrong current"), secret("its new one")),
      Code::invalid_credentials);
  run(site, change_password(user, current, secret("change")), Code::ok);
}

/// Longer than libzmq's buffers, so that their parts come one by one.
void SecretPaths::send_batches(Door& door) {
  const auto batch = [&](const std::string& path) {
    schema::CommandMessageT message;
    message.tenant = "acme";
    for (std::size_t count = 0; count < 300; ++count) {
      const std::string number = std::to_string(count);
      auto one = create_with(door.name + "-" + number,
                             canaries.make(door.name + ": " + path + " " + number));
      message.commands.push_back(std::move(one.commands[0]));
    }
    return message;
  };
  auto dry = batch("dry batch");
  dry.dry_run = true;
  run(door.client, std::move(dry), Code::ok);
  auto refused = batch("refused batch");
  refused.commands.back()->body.AsCreateUser()->username = "not a name";
  run(door.client, std::move(refused), Code::field_malformed);
  run(door.client, batch("batch"), Code::ok);
  run(door.client, batch("batch again"), Code::user_exists);
}

void SecretPaths::log_in(Door& door) {
  client::Client& by = door.client;
  const auto secret = [&](const char* path) { return canaries.make(door.name + ": " + path); };
  const std::string user = "caller-" + door.name;
  const std::string password = secret("caller");
  run(by, create_with(user, password), Code::ok);
  run(by, add_grant("acme", user, schema::Effect::allow, "read", "table/customer"), Code::ok);
  for (int round = 0; round < 2; ++round) {
    ask(by, authenticate("acme", user, password), Code::ok);
    ask(by, check_by_password(user, password, 1), Code::ok);
    ask(by, check_by_password(user, password, 2'000), Code::ok);
  }
  ask(by, authenticate("acme", user, secret("wrong")), Code::invalid_credentials);
  ask(by, check_by_password(user, secret("wrong, checked"), 2'000), Code::invalid_credentials);
  ask(by, authenticate("acme", "nobody", secret("unknown name")), Code::invalid_credentials);
  ask(by, authenticate("nowhere", user, secret("unknown place")), Code::tenant_unknown);
  ask(by, authenticate("acme", user, secret("longer than any") + std::string(1'100, 'x')),
      Code::too_large);
  auto later = authenticate("acme", user, secret("of a later state"));
  later.at_least_seq = 1'000'000;
  later.wait_ms = 50;
  ask(by, std::move(later), Code::not_yet);
  ask(by, authenticate_by(key_credential(secret("key"))), Code::invalid_credentials);
  ask(by, authenticate_by(token_credential(secret("token"))), Code::invalid_credentials);
  ask(by, renew(secret("renewed token")), Code::invalid_credentials);
  schema::ListPermissionsT list;
  list.tenant = "acme";
  list.token = secret("token of a list");
  schema::HistoryBodyUnion body;
  body.Set(std::move(list));
  read(std::move(body));

  const std::string locked = "locked-" + door.name;
  run(by, create_with(locked, secret("locked")), Code::ok);
  for (int attempt = 0; attempt < 5; ++attempt)
    ask(by, authenticate("acme", locked, secret("a wrong one of five")), Code::invalid_credentials);
  ask(by, authenticate("acme", locked, secret("of a locked one")), Code::user_locked);
}

void SecretPaths::send_malformed() {
  std::size_t answered = 0;
  const auto send = [&](const std::string& socket, const std::vector<RawPeer::Bytes>& frames) {
    RawPeer peer(ipc(socket));
    peer.send(frames);
    const auto answer = peer.receive();
    answered += !answer.empty();
    heard.append(answer.begin(), answer.end());
  };
  for (const std::string socket : {"commands", "queries", "history"}) {
    const auto secret = [&](const char* path) { return canaries.make(socket + ": " + path); };
    const auto bytes = [](const std::string& text) {
      return RawPeer::Bytes(text.begin(), text.end());
    };
    send(socket, {bytes("PSCM" + secret("no message"))});
    send(socket, {command_bytes(create_with("nobody", secret("a command")))});
    send(socket, {packed<schema::Query>(authenticate("acme", "nobody", secret("a question")),
                                        schema::query_identifier)});
    auto cut = command_bytes(create_with("nobody", secret("cut short")));
    cut.resize(cut.size() - 9);
    send(socket, {cut});
    auto newer = create_with("nobody", secret("newer version"));
    newer.version = 2;
    send(socket, {command_bytes(std::move(newer))});
    const std::size_t bound = socket == "commands"  ? 4'259'840
                              : socket == "queries" ? 1'048'576
                                                    : 65'536;
    std::string too_large = secret("too large") + std::string(bound, 'x');
    too_large.resize(bound);
    send(socket, {bytes(too_large + secret("its end"))});
    send(socket, {bytes(secret("long, its beginning") + std::string(20'000, 'x') +
                        secret("long, its end"))});
    RawPeer peer(ipc(socket));
    // Longer than what libzmq copies about within itself (32 bytes), as every message with a secret
    // is.
    const std::string padding(40, 'x');
    peer.send({bytes(secret("one frame") + padding),
               bytes(std::string(20'000, 'x') + secret("another"))});
    peer.send({bytes("malformed")});
    answered += !peer.receive().empty();
    RawPeer(ipc(socket))
        .send_and_be_closed(bytes(secret("above all bounds") + std::string(9'000'000, 'x')));
  }
  BOOST_TEST(answered == 24U);
}

void SecretPaths::make_keys_and_sessions() {
  for (Door& door : doors()) {
    const std::string user = "keeper-" + door.name;
    const std::string password = canaries.make(door.name + ": keeper");
    run(door.client, create_with(user, password), Code::ok);
    run(door.client, add_grant("acme", user, schema::Effect::allow, "read", "table/customer"),
        Code::ok);
    schema::CreateKeyT create;
    create.name = "first";
    auto message = command_message("acme", user, std::move(create));
    const auto id = client::make_uuid();
    message.id = std::make_unique<schema::Uuid>(id);
    const auto receipt = run(door.client, std::move(message), Code::ok);
    BOOST_REQUIRE(receipt.secrets.size() == 1U);
    keys_.push_back(receipt.secrets[0]);
    canaries.add(door.name + ": API key", keys_.back());
    const auto answer = ask(door.client, authenticate("acme", user, password), Code::ok);
    tokens_.push_back(answer.body.AsAuthenticated()->token);
    canaries.add(door.name + ": session token", tokens_.back());
  }
}

void SecretPaths::use_keys_and_sessions() {
  auto both = doors();
  for (std::size_t place = 0; place < both.size(); ++place) {
    client::Client& by = both[place].client;
    for (int round = 0; round < 2; ++round) {
      auto quiet = authenticate_by(key_credential(keys_[place]));
      quiet.body.AsAuthenticate()->decline_token = true;
      ask(by, std::move(quiet), Code::ok);
      auto query = check_by_password("", "", 2'000);
      query.body.AsCheck()->credential.Set(key_credential(keys_[place]));
      ask(by, std::move(query), Code::ok);
      auto check = check_by_password("", "", 2'000);
      check.body.AsCheck()->credential.Set(token_credential(tokens_[place]));
      ask(by, std::move(check), Code::ok);
    }
    std::string altered = keys_[place];
    altered[2] = altered[2] == 'x' ? 'y' : 'x';
    ask(by, authenticate_by(key_credential(altered)), Code::invalid_credentials);
    ask(by, renew(tokens_[place]), Code::ok);
    schema::ListPermissionsT list;
    list.tenant = "acme";
    list.token = tokens_[place];
    schema::HistoryBodyUnion body;
    body.Set(std::move(list));
    read(std::move(body));
    const std::string user = "keeper-" + both[place].name;
    run(by, command_message("acme", user, schema::EndSessionsT()), Code::ok);
    schema::RevokeKeyT revoke;
    revoke.name = "first";
    run(by, command_message("acme", user, std::move(revoke)), Code::ok);
    ask(by, authenticate_by(key_credential(keys_[place])), Code::invalid_credentials);
    ask(by, renew(tokens_[place]), Code::session_expired);
    create_open_user(late_names.emplace_back());
  }
}

void SecretPaths::read_everything() {
  const auto ask_for = [&](auto body) {
    schema::HistoryBodyUnion request;
    request.Set(std::move(body));
    read(std::move(request));
  };
  schema::GetRecordsT records;
  records.count_max = 10'000;
  ask_for(std::move(records));
  schema::ListUsersT users;
  users.tenant = "acme";
  users.count_max = 1'000;
  ask_for(std::move(users));
  for (const std::string door : {"ipc", "tcp"})
    for (const std::string user : {"shop-", "caller-", "locked-", "keeper-"}) {
      schema::GetUserT get;
      get.tenant = "acme";
      get.username = user + door;
      ask_for(std::move(get));
    }
  schema::ListCallsT calls;
  calls.tenant = "acme";
  ask_for(std::move(calls));
  ask_for(schema::ListOperatorsT());
  auto by = owner();
  ask(by, get_status(), Code::ok);
}

}  // namespace postern::support

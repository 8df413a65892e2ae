// Checks in the caller's process. What is known here is judged by the daemon's own answers; what is
// not, the daemon is asked.
#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "daemon/view/key_bearer.h"
#include "tools/client/replica_shared.h"

namespace postern::client {

namespace {

using schema::Code;

/// Credentials that one reader remembers.
constexpr std::size_t verified_max = 65'536;
/// A path, an action, a name of a role.
constexpr std::size_t texts_bytes = 1'024;

/// Why there is no answer here.
enum class Missing : std::uint8_t {
  nothing_shown,
  too_old,
  /// L1.
  recorded,
  /// Of a credential: the daemon has to verify it.
  unverified,
  /// It was verified by a newer state than is known here.
  behind,
  address_malformed,
};

/// A credential's keyed hash; the credential itself is not kept.
using Name = std::array<std::uint64_t, 2>;
struct NameHash {
  std::size_t operator()(const Name& name) const { return name[0]; }
};

/// What the daemon said of a credential.
struct Verified {
  /// Of a key: whose it is, and which.
  view::Session session;
  bool is_key = false;
  domain::Seq seq = 0;
  /// Which following of the daemon it was verified in.
  std::uint64_t following = 0;
};

std::unexpected<Error> none(ErrorKind kind, std::string sentence, std::string remedy) {
  return std::unexpected(Error{kind, std::move(sentence), std::move(remedy)});
}

schema::QueryT query_of(std::string_view tenant, const ReplicaCall& call) {
  schema::QueryT query;
  query.tenant = tenant;
  query.call = std::make_unique<schema::CallT>();
  query.call->address = call.address;
  query.call->tls = call.tls;
  query.call->channel = call.interactive ? schema::Channel::interactive : schema::Channel::program;
  return query;
}

/// As the caller gave it; the daemon's client wipes what is made of it.
struct Given {
  std::string_view text;
  bool is_key = false;
  const ReplicaBeside& beside;
};

schema::CredentialUnion credential_of(const Given& given) {
  schema::CredentialUnion made;
  if (given.is_key) {
    schema::KeyCredentialT key;
    key.key = given.text;
    key.username = given.beside.username;
    made.Set(std::move(key));
  } else {
    schema::TokenCredentialT token;
    token.token = given.text;
    token.username = given.beside.username;
    made.Set(std::move(token));
  }
  return made;
}

schema::CredentialUnion named(std::string_view username) {
  schema::NamedUserT user;
  user.username = username;
  schema::CredentialUnion made;
  made.Set(std::move(user));
  return made;
}

// ---- searches for whoever a question is about, in steps: a part of an index is fetched, then the
// entry, then its grants

class SearchByName {
 public:
  SearchByName(const ReplicaVersion& version, const view::NamedBeside& named)
      : search_(version.view, *version.asker, named) {}

  const domain::Tenant* tenant() const { return search_.tenant(); }
  void approach() { search_.approach(); }
  std::expected<view::Bearer, Missing> bearer(const domain::CallFacts& facts) const {
    return search_.bearer(facts);
  }

 private:
  view::NameSearch search_;
};

/// Of a credential that was verified before; null: it was not.
class SearchVerified {
 public:
  SearchVerified(const ReplicaVersion& version, const Verified* verified,
                 const ReplicaBeside& beside)
      : version_(version), verified_(verified), beside_(beside) {
    if (verified_ == nullptr || verified_->following != version_.following) return;
    tenant_ = version_.view.tables().find_tenant(verified_->session.tenant);
  }

  const domain::Tenant* tenant() const { return tenant_; }
  void approach() const {}
  std::expected<view::Bearer, Missing> bearer(const domain::CallFacts& facts) const {
    if (verified_ == nullptr || verified_->following != version_.following)
      return std::unexpected(Missing::unverified);
    if (verified_->seq > version_.seq) return std::unexpected(Missing::behind);
    return bearer_as_told(facts);
  }

 private:
  view::Bearer bearer_as_told(const domain::CallFacts& call) const {
    const auto& tables = version_.view.tables();
    const view::NamedBeside named{beside_.tenant, beside_.username};
    const view::Session& session = verified_->session;
    if (!verified_->is_key)
      return view::bearer_of_session(tables, *version_.asker, named, session, call);
    const domain::User* user = tables.find_user(session.user);
    if (tenant_ == nullptr || user == nullptr || !domain::in_scope(*version_.asker, tenant_->id) ||
        view::names_another(named, *tenant_, *user))
      return {};
    const domain::ApiKey* key = domain::find_key(*user, session.key);
    if (key == nullptr) return {};
    return view::bearer_of_key(*tenant_, *user, *key, call);
  }

  const ReplicaVersion& version_;
  const Verified* verified_;
  const ReplicaBeside& beside_;
  const domain::Tenant* tenant_ = nullptr;
};

}  // namespace

struct ReplicaReader::Parts {
  explicit Parts(Replica::Shared& shared) : shared(shared), place(shared.versions.add_place()) {
    // No random numbers, no key: nothing can be remembered without.
    if (sodium_init() < 0) std::abort();
    crypto_shorthash_keygen(hash_key.data());
    texts.reserve(texts_bytes);
  }
  ~Parts() {
    shared.versions.drop_place(place);
    sodium_memzero(hash_key.data(), hash_key.size());
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  template <class Search, class... Sought>
  std::expected<ReplicaAnswer, Missing> judge(const ReplicaCall& call,
                                              const ReplicaQuestion& question,
                                              const Sought&... sought);
  ReplicaAnswer answer_of(const domain::Verdict& verdict);
  Result<ReplicaAnswer> ask(schema::QueryT query, schema::CredentialUnion credential,
                            const ReplicaQuestion& question);
  std::expected<ReplicaAnswer, Missing> judge_verified(const Name& name, const Given& given,
                                                       const ReplicaCall& call,
                                                       const ReplicaQuestion& question);
  Result<ReplicaAnswer> check_verified(const Given& given, const ReplicaCall& call,
                                       const ReplicaQuestion& question);
  /// A denial, or nothing: it is remembered now.
  Result<std::optional<ReplicaAnswer>> verify(const Name& name, const Given& given,
                                              const ReplicaCall& call);
  void remember(const Name& name, const Verified& one);
  Result<schema::AnswerT> ask_daemon(schema::QueryT query);
  Error why_not(Missing missing) const;
  bool asks_for(Missing missing) const {
    return missing == Missing::behind ||
           (shared.options.asks_daemon && missing != Missing::address_malformed);
  }
  Name name_of(const Given& given) const;
  std::uint64_t following() const;

  Replica::Shared& shared;
  ReplicaVersions::Place& place;
  std::array<std::uint8_t, crypto_shorthash_siphashx24_KEYBYTES> hash_key{};
  std::unordered_map<Name, Verified, NameHash> verified;
  /// What the last answer points to.
  std::string texts;
  /// For what the daemon is asked; made when it is.
  std::optional<Client> client;
};

// ---- what is known here

template <class Search, class... Sought>
std::expected<ReplicaAnswer, Missing> ReplicaReader::Parts::judge(const ReplicaCall& call,
                                                                  const ReplicaQuestion& question,
                                                                  const Sought&... sought) {
  const ReplicaVersions::Look look(shared.versions, place);
  const ReplicaVersion* version = look.version();
  if (version == nullptr) return std::unexpected(Missing::nothing_shown);
  // What takes time is done while the memory is fetched that the next step of the search reads.
  Search search(*version, sought...);
  const std::int64_t now_ns = steady_ns();
  const std::int64_t age_ns = now_ns - version->confirmed_ns.load(std::memory_order_relaxed);
  if (age_ns > shared.age_max_ns) return std::unexpected(Missing::too_old);
  domain::CallFacts facts;
  facts.interactive = call.interactive;
  facts.now_ns = now_ns + shared.clock_offset_ns.load(std::memory_order_relaxed);
  if (!call.address.empty()) facts.address = domain::parse_address(call.address);
  if (!facts.address && !call.address.empty()) return std::unexpected(Missing::address_malformed);
  facts.tls = call.tls;
  facts.tls_told = true;
  facts.providers = &version->view.tables().providers();
  search.approach();
  std::optional<domain::ReadQuestion> read;
  if (const domain::Tenant* tenant = search.tenant())
    read.emplace(*tenant,
                 domain::Question{question.action, question.resource, question.this_level_only});
  const std::expected<view::Bearer, Missing> bearer = search.bearer(facts);
  if (!bearer) return std::unexpected(bearer.error());
  if (bearer->user != nullptr && domain::extras_of(*bearer->user).api_logging)
    return std::unexpected(Missing::recorded);
  ReplicaAnswer answer = answer_of(view::check(*bearer, read ? &*read : nullptr, facts));
  answer.seq = version->seq;
  answer.time_ns = facts.now_ns;
  answer.age = std::chrono::nanoseconds(age_ns);
  return answer;
}

/// Its texts are copied, as the grant may be gone after the look at it.
ReplicaAnswer ReplicaReader::Parts::answer_of(const domain::Verdict& verdict) {
  ReplicaAnswer answer{.allowed = verdict.allowed(), .reason = verdict.reason};
  if (verdict.grant == nullptr) return answer;
  const domain::Grant grant = *verdict.grant;
  texts.assign(*grant.action).append(*grant.resource);
  if (verdict.role != nullptr) texts.append(*verdict.role);
  const std::string_view all = texts;
  const std::size_t action = grant.action->size();
  const std::size_t resource = grant.resource->size();
  answer.grant = ReplicaAnswer::Grant{grant.seq,
                                      static_cast<std::uint16_t>(grant.index),
                                      grant.effect(),
                                      all.substr(0, action),
                                      all.substr(action, resource),
                                      all.substr(action + resource)};
  return answer;
}

std::uint64_t ReplicaReader::Parts::following() const {
  const ReplicaVersions::Look look(shared.versions, place);
  return look.version() == nullptr ? 0 : look.version()->following;
}

// ---- the daemon

Error ReplicaReader::Parts::why_not(Missing missing) const {
  const std::lock_guard lock(shared.mutex);
  const auto& trouble = shared.standing.trouble;
  switch (missing) {
    case Missing::nothing_shown:
      if (trouble) return *trouble;
      return {ErrorKind::unreachable, "The replica has not yet been told everything.",
              "Wait for it to answer."};
    case Missing::too_old:
      return {ErrorKind::unreachable,
              "The replica has heard nothing of the daemon for longer than it may answer." +
                  (trouble ? " " + trouble->sentence : std::string()),
              "Ask the daemon, or find out why it is silent."};
    case Missing::recorded:
      return {ErrorKind::usage, "The user's calls are recorded, and a replica records none.",
              "Let the daemon be asked, or switch the user's `API logging` off."};
    case Missing::address_malformed:
      return {ErrorKind::usage, "The call's address is no address.",
              "Give an IPv4 or IPv6 address alone, or none."};
    case Missing::unverified:
    case Missing::behind:
      break;
  }
  return {ErrorKind::unreachable, "Only the daemon can verify the credential.",
          "Set `client.queries`."};
}

Result<schema::AnswerT> ReplicaReader::Parts::ask_daemon(schema::QueryT query) {
  if (!client) {
    Options asking = shared.options.client;
    asking.commands.clear();
    asking.history.clear();
    asking.checkpoint_file.clear();
    auto made = Client::make(std::move(asking));
    if (!made) return std::unexpected(made.error());
    client = std::move(*made);
  }
  auto answer = client->ask(std::move(query));
  if (!answer || answer->code == Code::ok) return answer;
  const auto* problem = answer->problems.empty() ? nullptr : answer->problems.front().get();
  return none(answer->code == Code::busy || answer->code == Code::stopping ? ErrorKind::unreachable
              : answer->code == Code::not_permitted ? ErrorKind::not_permitted
                                                    : ErrorKind::usage,
              std::string("The daemon does not answer: ") + schema::EnumNameCode(answer->code) +
                  "." + (problem == nullptr ? "" : " " + problem->sentence),
              problem == nullptr ? "" : problem->remedy);
}

Result<ReplicaAnswer> ReplicaReader::Parts::ask(schema::QueryT query,
                                                schema::CredentialUnion credential,
                                                const ReplicaQuestion& question) {
  schema::CheckT check;
  check.credential = std::move(credential);
  auto& asked = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
  asked->action = question.action;
  asked->resource = question.resource;
  asked->this_level_only = question.this_level_only;
  query.body.Set(std::move(check));
  const auto answer = ask_daemon(std::move(query));
  if (!answer) return std::unexpected(answer.error());
  const auto* checked = answer->body.AsChecked();
  if (checked == nullptr || checked->decisions.size() != 1)
    return none(ErrorKind::protocol, "The daemon answered a check with something else.",
                "Check that its version fits this client.");
  const schema::DecisionT& decision = *checked->decisions.front();
  ReplicaAnswer made{.allowed = decision.allowed, .reason = decision.reason};
  made.seq = answer->seq;
  made.time_ns = answer->time_ns;
  made.by_daemon = true;
  const schema::GrantViewT* grant = decision.grant.get();
  if (grant == nullptr || grant->reference == nullptr) return made;
  texts = grant->action + grant->resource + grant->role;
  const std::string_view all = texts;
  made.grant = ReplicaAnswer::Grant{grant->reference->seq,
                                    grant->reference->index,
                                    grant->effect,
                                    all.substr(0, grant->action.size()),
                                    all.substr(grant->action.size(), grant->resource.size()),
                                    all.substr(grant->action.size() + grant->resource.size())};
  return made;
}

// ---- keys and tokens

/// The kind is part of it, so that no key's text is taken for a token's.
Name ReplicaReader::Parts::name_of(const Given& given) const {
  auto key = hash_key;
  key[0] = static_cast<std::uint8_t>(key[0] ^ (given.is_key ? 1U : 0U));
  Name name{};
  static_assert(sizeof name == crypto_shorthash_siphashx24_BYTES);
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(name.data()),
                              reinterpret_cast<const unsigned char*>(given.text.data()),
                              given.text.size(), key.data());
  return name;
}

void ReplicaReader::Parts::remember(const Name& name, const Verified& one) {
  if (verified.size() >= verified_max) verified.clear();
  verified[name] = one;
}

Result<std::optional<ReplicaAnswer>> ReplicaReader::Parts::verify(const Name& name,
                                                                  const Given& given,
                                                                  const ReplicaCall& call) {
  if (shared.options.client.queries.empty()) return std::unexpected(why_not(Missing::unverified));
  const std::uint64_t before = following();
  schema::AuthenticateT authenticate;
  authenticate.credential = credential_of(given);
  authenticate.decline_token = true;
  authenticate.tell_standing = true;
  schema::QueryT query = query_of(given.beside.tenant, call);
  query.body.Set(std::move(authenticate));
  const auto answer = ask_daemon(std::move(query));
  if (!answer) return std::unexpected(answer.error());
  const auto* told = answer->body.AsAuthenticated();
  if (told == nullptr)
    return none(ErrorKind::protocol, "The daemon answered an authentication with something else.",
                "Check that its version fits this client.");
  if (!told->allowed) {
    ReplicaAnswer denial{.allowed = false, .reason = told->reason};
    denial.seq = answer->seq;
    denial.time_ns = answer->time_ns;
    denial.by_daemon = true;
    return denial;
  }
  const schema::StandingT* standing = told->standing.get();
  if (standing == nullptr || standing->tenant == nullptr || told->user == nullptr ||
      (given.is_key ? standing->key == nullptr : told->session == nullptr))
    return none(ErrorKind::protocol, "The daemon does not say what the credential stands for.",
                "It is older than this client: upgrade it.");
  Verified one;
  one.is_key = given.is_key;
  one.session.tenant = *standing->tenant;
  one.session.user = *told->user;
  if (told->session != nullptr) one.session.session = *told->session;
  if (standing->key != nullptr) one.session.key = *standing->key;
  one.session.expires_ns = told->expires_ns;
  one.session.user_epoch = standing->user_epoch;
  one.session.tenant_epoch = standing->tenant_epoch;
  one.seq = answer->seq;
  one.following = before;
  remember(name, one);
  return std::nullopt;
}

std::expected<ReplicaAnswer, Missing> ReplicaReader::Parts::judge_verified(
    const Name& name, const Given& given, const ReplicaCall& call,
    const ReplicaQuestion& question) {
  const auto found = verified.find(name);
  const Verified* one = found == verified.end() ? nullptr : &found->second;
  return judge<SearchVerified>(call, question, one, given.beside);
}

Result<ReplicaAnswer> ReplicaReader::Parts::check_verified(const Given& given,
                                                           const ReplicaCall& call,
                                                           const ReplicaQuestion& question) {
  const Name name = name_of(given);
  auto answer = judge_verified(name, given, call, question);
  if (!answer && answer.error() == Missing::unverified) {
    const auto denial = verify(name, given, call);
    if (!denial) return std::unexpected(denial.error());
    if (*denial) return **denial;
    answer = judge_verified(name, given, call, question);
    // All that it was verified in may be gone again.
    if (!answer && answer.error() == Missing::unverified)
      return ask(query_of(given.beside.tenant, call), credential_of(given), question);
  }
  if (answer) return *answer;
  if (!asks_for(answer.error())) return std::unexpected(why_not(answer.error()));
  return ask(query_of(given.beside.tenant, call), credential_of(given), question);
}

// ---- the reader

ReplicaReader::ReplicaReader(Replica::Shared& shared) : parts_(std::make_unique<Parts>(shared)) {}

ReplicaReader Replica::reader() { return ReplicaReader(*shared_); }

ReplicaReader::ReplicaReader(ReplicaReader&&) noexcept = default;
ReplicaReader& ReplicaReader::operator=(ReplicaReader&&) noexcept = default;
ReplicaReader::~ReplicaReader() = default;

Result<ReplicaAnswer> ReplicaReader::check(std::string_view tenant, std::string_view username,
                                           const ReplicaCall& call,
                                           const ReplicaQuestion& question) {
  const auto answer =
      parts_->judge<SearchByName>(call, question, view::NamedBeside{tenant, username});
  if (answer) return *answer;
  if (!parts_->asks_for(answer.error())) return std::unexpected(parts_->why_not(answer.error()));
  return parts_->ask(query_of(tenant, call), named(username), question);
}

Result<ReplicaAnswer> ReplicaReader::check_token(std::string_view token,
                                                 const ReplicaBeside& beside,
                                                 const ReplicaCall& call,
                                                 const ReplicaQuestion& question) {
  return parts_->check_verified({token, false, beside}, call, question);
}

Result<ReplicaAnswer> ReplicaReader::check_key(std::string_view key, const ReplicaBeside& beside,
                                               const ReplicaCall& call,
                                               const ReplicaQuestion& question) {
  return parts_->check_verified({key, true, beside}, call, question);
}

}  // namespace postern::client

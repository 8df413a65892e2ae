#include "tools/bench/floors.h"

#include <leveldb/write_batch.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <tuple>

#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

std::string key_of(std::uint64_t number) {
  std::string key(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(number >> (56 - 8 * i));
  return key;
}

void require_ok(const leveldb::Status& status) {
  if (!status.ok()) fail(exit_codes::input_output, "bare LevelDB: " + status.ToString());
}

std::unique_ptr<leveldb::DB> open(const fs::path& folder, bool make) {
  leveldb::Options options;
  options.create_if_missing = make;
  leveldb::DB* database = nullptr;
  require_ok(leveldb::DB::Open(options, folder.string(), &database));
  return std::unique_ptr<leveldb::DB>(database);
}

leveldb::WriteOptions synced() {
  leveldb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace

SyncedLog::SyncedLog(const fs::path& folder) : database_(open(folder, true)) {}

double SyncedLog::write(const std::vector<std::string>& records, std::size_t count,
                        std::size_t group) {
  leveldb::WriteBatch batch;
  const auto started = Clock::now();
  for (std::size_t written = 0; written < count;) {
    batch.Clear();
    for (const std::size_t end = std::min(count, written + group); written < end; ++written)
      batch.Put(key_of(++last_key_), records[written % records.size()]);
    require_ok(database_->Write(synced(), &batch));
  }
  return static_cast<double>(count) / seconds_since(started);
}

std::vector<double> SyncedLog::write_singly(const std::vector<std::string>& records,
                                            std::size_t count) {
  std::vector<double> microseconds;
  for (std::size_t i = 0; i < count; ++i) {
    const auto started = Clock::now();
    require_ok(database_->Put(synced(), key_of(++last_key_), records[i % records.size()]));
    microseconds.push_back(seconds_since(started) * 1e6);
  }
  return microseconds;
}

WarmJournal::WarmJournal(const fs::path& database, const fs::path& copy) {
  fs::copy(database, copy, fs::copy_options::recursive);
  database_ = open(copy, false);
  iterate();
  std::unique_ptr<leveldb::Iterator> rows(database_->NewIterator({}));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    ++records_;
    bytes_ += rows->value().size();
  }
}

double WarmJournal::iterate() const {
  leveldb::ReadOptions checked;
  checked.verify_checksums = true;
  std::uint64_t rows_seen = 0;
  std::uint64_t bytes = 0;
  const auto started = Clock::now();
  const std::unique_ptr<leveldb::Iterator> rows(database_->NewIterator(checked));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    ++rows_seen;
    bytes += rows->value().size();
  }
  require_ok(rows->status());
  if (bytes == 0) wrong_answer("the journal's database is empty");
  return static_cast<double>(rows_seen) / seconds_since(started);
}

double WarmJournal::read(std::span<const std::uint64_t> seqs) const {
  leveldb::ReadOptions checked;
  checked.verify_checksums = true;
  std::string record;
  const auto started = Clock::now();
  for (const std::uint64_t seq : seqs) require_ok(database_->Get(checked, key_of(seq), &record));
  return seconds_since(started) * 1e6;
}

namespace {

/// SHA-256 in one context, as whoever hashes many small things does it.
class Sha256 {
 public:
  using Hash = std::array<unsigned char, 32>;

  /// `prefix`, as RFC 6962 tells leaves and nodes apart, and one or two parts.
  Hash operator()(unsigned char prefix, std::string_view first, std::string_view second = {}) {
    Hash hash;
    EVP_DigestInit_ex(context_.get(), algorithm_.get(), nullptr);
    EVP_DigestUpdate(context_.get(), &prefix, 1);
    EVP_DigestUpdate(context_.get(), first.data(), first.size());
    if (!second.empty()) EVP_DigestUpdate(context_.get(), second.data(), second.size());
    EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr);
    return hash;
  }

 private:
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_{
      EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free};
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free};
};

std::string_view text_of(const Sha256::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

/// The tree over records as they come: of each size the newest complete one.
class BareTree {
 public:
  void add(std::string_view record) {
    Sha256::Hash hash = sha256_(0, record);
    std::size_t level = 0;
    for (std::uint64_t size = size_++; (size & 1) != 0; size >>= 1)
      hash = sha256_(1, text_of(peaks_[level++]), text_of(hash));
    peaks_[level] = hash;
  }

 private:
  Sha256 sha256_;
  std::uint64_t size_ = 0;
  std::array<Sha256::Hash, 64> peaks_{};
};

}  // namespace

double WarmJournal::hash() const {
  constexpr std::size_t piece_bytes = std::size_t{4} << 20U;
  BareTree tree;
  std::string piece;
  std::vector<std::size_t> ends;
  double seconds = 0;
  const auto hash_piece = [&] {
    const auto started = Clock::now();
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      tree.add(std::string_view(piece).substr(begin, end - begin));
      begin = end;
    }
    seconds += seconds_since(started);
    piece.clear();
    ends.clear();
  };
  const std::unique_ptr<leveldb::Iterator> rows(database_->NewIterator({}));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    piece.append(rows->value().data(), rows->value().size());
    ends.push_back(piece.size());
    if (piece.size() >= piece_bytes) hash_piece();
  }
  require_ok(rows->status());
  hash_piece();
  return static_cast<double>(bytes_) / seconds;
}

LookupTable::LookupTable(std::size_t users) {
  names_.reserve(users);
  users_.reserve(users);
  grants_.reserve(users * grants_per_user);
  for (std::size_t user = 0; user < users; ++user) {
    names_.push_back(username_of(user));
    users_.emplace(names_.back(), static_cast<std::uint32_t>(user));
    for (const Grant& grant : grants_of(user))
      grants_.push_back(
          {&resource_text(grant.right.resource), &action_text(grant.right.action), grant.deny});
    const auto order = [](const FlatGrant& grant) {
      return std::tie(*grant.resource, *grant.action);
    };
    std::ranges::sort(std::span(grants_).last(grants_per_user), {}, order);
  }
}

Verdict LookupTable::judge(std::string_view username, std::string_view resource,
                           std::string_view action) const {
  const auto user = users_.find(username);
  if (user == users_.end()) return Verdict::no_matching_grant;
  const auto own = std::span(grants_).subspan(user->second * grants_per_user, grants_per_user);
  const auto order = [](const FlatGrant& grant) {
    return std::tuple(std::string_view(*grant.resource), std::string_view(*grant.action));
  };
  const auto place = std::ranges::lower_bound(own, std::tuple(resource, action), {}, order);
  if (place == own.end() || *place->resource != resource || *place->action != action)
    return Verdict::no_matching_grant;
  return place->deny ? Verdict::denied_by_grant : Verdict::allowed;
}

double LookupTable::look_up(const QuestionSet& questions) const {
  const auto started = Clock::now();
  for (std::size_t i = 0; i < questions.asked.size(); ++i) {
    const ExpectedAnswer& asked = questions.asked[i];
    const Verdict verdict =
        judge(questions.usernames[i / questions.per_message], resource_text(asked.right.resource),
              action_text(asked.right.action));
    if (verdict != asked.verdict) wrong_answer("the bare table gives another verdict");
  }
  return static_cast<double>(questions.asked.size()) / seconds_since(started);
}

}  // namespace postern::bench

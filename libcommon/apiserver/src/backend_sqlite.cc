// The backend on disk: one SQLite database in WAL mode.
//
// A commit is in the write-ahead log when Commit returns, so a killed process
// loses nothing. A power failure may lose the last commits; therefore the
// counter of resource versions jumps ahead at each start, and none is handed
// out twice.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "backend.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr int64_t kSchemaVersion = 1;
constexpr int64_t kJump = 10000;

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS meta(
  key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects(
  gr TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL,
  rv INTEGER NOT NULL, create_rv INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY(gr, ns, name));
CREATE TABLE IF NOT EXISTS log(
  rv INTEGER PRIMARY KEY, gr TEXT NOT NULL, ns TEXT NOT NULL,
  name TEXT NOT NULL, op INTEGER NOT NULL, body TEXT NOT NULL,
  prev_body TEXT);
)";

// One open database.
class Database {
 public:
  Database() = default;
  ~Database() { sqlite3_close_v2(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  absl::Status Open(const std::string& path, int flags) {
    const int code = sqlite3_open_v2(path.c_str(), &db_, flags, nullptr);
    if (code != SQLITE_OK) return Error("opening");
    sqlite3_busy_timeout(db_, 5000);
    return absl::OkStatus();
  }
  absl::Status Run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      return Error(sql);
    }
    return absl::OkStatus();
  }
  absl::Status Error(absl::string_view what) const {
    std::string text =
        absl::StrCat("database: ", what, ": ", sqlite3_errmsg(db_));
    const int code = sqlite3_errcode(db_);
    if (code == SQLITE_FULL) return absl::ResourceExhaustedError(text);
    return absl::UnavailableError(text);
  }
  sqlite3* get() const { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
 public:
  Statement() = default;
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  absl::Status Prepare(Database& db, const char* sql) {
    db_ = &db;
    if (sqlite3_prepare_v3(db.get(), sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &statement_, nullptr) != SQLITE_OK) {
      return db.Error(sql);
    }
    return absl::OkStatus();
  }
  // The text must live until the next Step.
  void Bind(int index, absl::string_view text) {
    sqlite3_bind_text(statement_, index, text.data(),
                      static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void Bind(int index, int64_t number) {
    sqlite3_bind_int64(statement_, index, number);
  }
  // True when there is a row.
  absl::StatusOr<bool> Step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    absl::Status error = db_->Error("stepping");
    sqlite3_reset(statement_);
    return error;
  }
  absl::Status Run() {
    absl::Status status = Step().status();
    Reset();
    return status;
  }
  void Reset() { sqlite3_reset(statement_); }
  absl::string_view Text(int column) {
    const auto* text = sqlite3_column_text(statement_, column);
    if (text == nullptr) return "";
    return absl::string_view(
        reinterpret_cast<const char*>(text),
        static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
  }
  int64_t Int(int column) { return sqlite3_column_int64(statement_, column); }

 private:
  Database* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

class SqliteBackend : public Backend {
 public:
  ~SqliteBackend() override {
    if (lock_ >= 0) close(lock_);
  }
  absl::Status Open(const std::string& folder);

  absl::StatusOr<int64_t> Load(const Loader& loader) override;
  absl::Status Commit(const std::vector<LoggedChange>& changes) override;
  absl::StatusOr<std::vector<LoggedChange>> ReadLog(absl::string_view resource,
                                                    int64_t after,
                                                    int64_t up_to) override;
  int64_t compacted_rv() const override { return compacted_; }
  absl::Status Compact(int64_t rv) override;
  absl::StatusOr<std::string> ReadMeta(absl::string_view key) override;
  absl::Status WriteMeta(absl::string_view key,
                         absl::string_view value) override;

 private:
  absl::Status Prepare();
  absl::Status WriteAll(const std::vector<LoggedChange>& changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mu_);
  absl::StatusOr<std::string> ReadMetaLocked(absl::string_view key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mu_);
  absl::Status WriteMetaLocked(absl::string_view key, absl::string_view value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mu_);

  int lock_ = -1;
  std::atomic<int64_t> compacted_{0};

  // The writer's connection.
  Mutex write_mu_;
  Database db_ ABSL_GUARDED_BY(write_mu_);
  Statement put_ ABSL_GUARDED_BY(write_mu_);
  Statement remove_ ABSL_GUARDED_BY(write_mu_);
  Statement log_ ABSL_GUARDED_BY(write_mu_);
  Statement get_meta_ ABSL_GUARDED_BY(write_mu_);
  Statement put_meta_ ABSL_GUARDED_BY(write_mu_);

  // The connection that reads the log.
  Mutex read_mu_;
  Database reader_ ABSL_GUARDED_BY(read_mu_);
  Statement read_log_ ABSL_GUARDED_BY(read_mu_);
};

absl::Status SqliteBackend::Open(const std::string& folder) {
  WEIR_RETURN_IF_ERROR(MakeDirectories(folder, 0700));
  const std::string lock_path = folder + "/lock";
  lock_ = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return ErrnoToStatus(errno, lock_path);
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder,
        " is in use by another API server; stop it, or choose another "
        "data folder"));
  }
  const std::string path = folder + "/objects.db";
  {
    MutexLock lock(write_mu_);
    // Objects may hold secrets: nobody else may read the files.
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return ErrnoToStatus(errno, path);
    close(fd);
    WEIR_RETURN_IF_ERROR(
        db_.Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX));
    WEIR_RETURN_IF_ERROR(db_.Run("PRAGMA journal_mode=WAL"));
    WEIR_RETURN_IF_ERROR(db_.Run("PRAGMA synchronous=NORMAL"));
    WEIR_RETURN_IF_ERROR(db_.Run("PRAGMA cache_size=-1024"));
    WEIR_RETURN_IF_ERROR(db_.Run(kSchema));
  }
  WEIR_RETURN_IF_ERROR(Prepare());
  MutexLock lock(read_mu_);
  WEIR_RETURN_IF_ERROR(
      reader_.Open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX));
  WEIR_RETURN_IF_ERROR(reader_.Run("PRAGMA cache_size=-256"));
  return read_log_.Prepare(
      reader_,
      "SELECT rv, op, ns, name, body, prev_body FROM log "
      "WHERE rv > ?1 AND rv <= ?2 AND gr = ?3 ORDER BY rv");
}

absl::Status SqliteBackend::Prepare() {
  MutexLock lock(write_mu_);
  WEIR_RETURN_IF_ERROR(put_.Prepare(
      db_,
      "INSERT INTO objects(gr, ns, name, uid, rv, create_rv, body) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?5, ?6) ON CONFLICT(gr, ns, name) "
      "DO UPDATE SET uid = ?4, rv = ?5, body = ?6"));
  WEIR_RETURN_IF_ERROR(remove_.Prepare(
      db_, "DELETE FROM objects WHERE gr = ?1 AND ns = ?2 AND name = ?3"));
  WEIR_RETURN_IF_ERROR(
      log_.Prepare(db_,
                   "INSERT INTO log(rv, gr, ns, name, op, body, prev_body) "
                   "VALUES(?1, ?2, ?3, ?4, ?5, ?6, (SELECT body FROM objects "
                   "WHERE gr = ?2 AND ns = ?3 AND name = ?4))"));
  WEIR_RETURN_IF_ERROR(
      get_meta_.Prepare(db_, "SELECT value FROM meta WHERE key = ?1"));
  return put_meta_.Prepare(
      db_, "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)");
}

absl::StatusOr<std::string> SqliteBackend::ReadMetaLocked(
    absl::string_view key) {
  get_meta_.Bind(1, key);
  WEIR_ASSIGN_OR_RETURN(bool has_row, get_meta_.Step());
  std::string value(has_row ? get_meta_.Text(0) : "");
  get_meta_.Reset();
  return value;
}

absl::Status SqliteBackend::WriteMetaLocked(absl::string_view key,
                                            absl::string_view value) {
  put_meta_.Bind(1, key);
  put_meta_.Bind(2, value);
  return put_meta_.Run();
}

absl::StatusOr<std::string> SqliteBackend::ReadMeta(absl::string_view key) {
  MutexLock lock(write_mu_);
  return ReadMetaLocked(key);
}

absl::Status SqliteBackend::WriteMeta(absl::string_view key,
                                      absl::string_view value) {
  MutexLock lock(write_mu_);
  return WriteMetaLocked(key, value);
}

absl::StatusOr<int64_t> SqliteBackend::Load(const Loader& loader) {
  MutexLock lock(write_mu_);
  WEIR_ASSIGN_OR_RETURN(std::string version, ReadMetaLocked("schema"));
  int64_t number = 0;
  if (absl::SimpleAtoi(version, &number) && number > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the database was written by a newer version (schema ",
                     number, ", ours is ", kSchemaVersion, ")"));
  }
  int64_t last = 0;
  WEIR_ASSIGN_OR_RETURN(std::string last_text, ReadMetaLocked("last_rv"));
  const bool is_new = last_text.empty();
  if (!is_new && !absl::SimpleAtoi(last_text, &last)) {
    return absl::DataLossError("the database's last_rv is no number");
  }
  WEIR_ASSIGN_OR_RETURN(std::string compacted, ReadMetaLocked("compacted_rv"));
  int64_t compacted_rv = 0;
  if (absl::SimpleAtoi(compacted, &compacted_rv)) compacted_ = compacted_rv;

  Statement all;
  WEIR_RETURN_IF_ERROR(
      all.Prepare(db_, "SELECT gr, ns, name, rv, body FROM objects"));
  while (true) {
    WEIR_ASSIGN_OR_RETURN(bool has_row, all.Step(), "reading objects");
    if (!has_row) break;
    last = std::max(last, all.Int(3));
    WEIR_ASSIGN_OR_RETURN(Value object, ParseJson(all.Text(4)), "reading ",
                          all.Text(0), " ", all.Text(1), "/", all.Text(2));
    loader(all.Text(0), {std::string(all.Text(1)), std::string(all.Text(2))},
           std::move(object));
  }
  Statement newest;
  WEIR_RETURN_IF_ERROR(newest.Prepare(db_, "SELECT max(rv) FROM log"));
  WEIR_RETURN_IF_ERROR(newest.Step().status());
  last = std::max(last, newest.Int(0));
  newest.Reset();

  const int64_t next = is_new ? 1 : last + kJump;
  WEIR_RETURN_IF_ERROR(WriteMetaLocked("schema", absl::StrCat(kSchemaVersion)));
  WEIR_RETURN_IF_ERROR(WriteMetaLocked("last_rv", absl::StrCat(next)));
  return next;
}

absl::Status SqliteBackend::Commit(const std::vector<LoggedChange>& changes) {
  MutexLock lock(write_mu_);
  WEIR_RETURN_IF_ERROR(db_.Run("BEGIN IMMEDIATE"));
  absl::Status status = WriteAll(changes);
  if (status.ok()) status = db_.Run("COMMIT");
  if (!status.ok()) db_.Run("ROLLBACK").IgnoreError();
  return status;
}

absl::Status SqliteBackend::WriteAll(const std::vector<LoggedChange>& changes) {
  for (const LoggedChange& change : changes) {
    const std::string body = FormatJson(change.object);
    // First the log, which copies the body that is about to be replaced.
    log_.Bind(1, change.rv);
    log_.Bind(2, change.resource);
    log_.Bind(3, change.key.name_space);
    log_.Bind(4, change.key.name);
    log_.Bind(5, static_cast<int64_t>(change.op));
    log_.Bind(6, body);
    WEIR_RETURN_IF_ERROR(log_.Run());
    Statement& statement = change.op == ChangeOp::kDelete ? remove_ : put_;
    statement.Bind(1, change.resource);
    statement.Bind(2, change.key.name_space);
    statement.Bind(3, change.key.name);
    if (change.op != ChangeOp::kDelete) {
      statement.Bind(4, change.object["metadata"].GetString("uid"));
      statement.Bind(5, change.rv);
      statement.Bind(6, body);
    }
    WEIR_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LoggedChange>> SqliteBackend::ReadLog(
    absl::string_view resource, int64_t after, int64_t up_to) {
  MutexLock lock(read_mu_);
  if (after < compacted_) return absl::OutOfRangeError("compacted");
  read_log_.Bind(1, after);
  read_log_.Bind(2, up_to);
  read_log_.Bind(3, resource);
  std::vector<LoggedChange> out;
  absl::Status status;
  while (status.ok()) {
    absl::StatusOr<bool> has_row = read_log_.Step();
    status = has_row.status();
    if (!status.ok() || !*has_row) break;
    LoggedChange change;
    change.rv = read_log_.Int(0);
    change.op = static_cast<ChangeOp>(read_log_.Int(1));
    change.resource = std::string(resource);
    change.key = {std::string(read_log_.Text(2)),
                  std::string(read_log_.Text(3))};
    absl::StatusOr<Value> object = ParseJson(read_log_.Text(4));
    status.Update(object.status());
    if (object.ok()) change.object = *std::move(object);
    if (absl::string_view text = read_log_.Text(5); !text.empty()) {
      absl::StatusOr<Value> previous = ParseJson(text);
      status.Update(previous.status());
      if (previous.ok()) change.previous = *std::move(previous);
    }
    out.push_back(std::move(change));
  }
  read_log_.Reset();
  WEIR_RETURN_IF_ERROR(status, "reading the log");
  // It may have been compacted meanwhile.
  if (after < compacted_) return absl::OutOfRangeError("compacted");
  return out;
}

absl::Status SqliteBackend::Compact(int64_t rv) {
  MutexLock lock(write_mu_);
  if (rv <= compacted_) return absl::OkStatus();
  compacted_ = rv;
  WEIR_RETURN_IF_ERROR(WriteMetaLocked("compacted_rv", absl::StrCat(rv)));
  Statement statement;
  WEIR_RETURN_IF_ERROR(
      statement.Prepare(db_, "DELETE FROM log WHERE rv <= ?1"));
  statement.Bind(1, rv);
  WEIR_RETURN_IF_ERROR(statement.Run());
  return db_.Run("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> OpenSqliteBackend(
    const std::string& folder) {
  auto backend = std::make_unique<SqliteBackend>();
  WEIR_RETURN_IF_ERROR(backend->Open(folder), "opening the database");
  return backend;
}

}  // namespace weir::apiserver

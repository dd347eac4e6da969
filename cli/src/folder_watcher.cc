#include "folder_watcher.h"

#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"

namespace weir::cli {
namespace {

constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE |
                             IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                             IN_DELETE_SELF | IN_ONLYDIR;

absl::Status WatchError(int error, const std::string& path) {
  if (error == ENOSPC) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "watching ", path,
        ": no inotify watches left; raise fs.inotify.max_user_watches"));
  }
  return ErrnoToStatus(error, absl::StrCat("watching ", path));
}

}  // namespace

struct FolderWatcher::Impl {
  FolderWatcherOptions options;
  std::function<void()> on_change;
  int inotify = -1;
  int wake = -1;                       // An eventfd: the way out of poll.
  std::map<int, std::string> folders;  // By watch; the thread's own.
  ThreadGroup threads;

  ~Impl() {
    threads.Stop();
    if (wake >= 0) eventfd_write(wake, 1);
    threads.Join().IgnoreError();
    if (inotify >= 0) close(inotify);
    if (wake >= 0) close(wake);
  }

  // Watches a folder and those in it. Folders that went meanwhile are fine.
  absl::Status Add(const std::string& path) {
    const int watch = inotify_add_watch(inotify, path.c_str(), kEvents);
    if (watch < 0) return WatchError(errno, path);
    folders[watch] = path;
    DIR* const dir = opendir(path.c_str());
    if (dir == nullptr) return absl::OkStatus();
    absl::Status status;
    while (const dirent* const entry = readdir(dir)) {
      const absl::string_view name = entry->d_name;
      if (name == "." || name == ".." || entry->d_type != DT_DIR ||
          options.is_skipped(name)) {
        continue;
      }
      status = Add(absl::StrCat(path, "/", name));
      if (absl::IsNotFound(status)) status = absl::OkStatus();
      if (!status.ok()) break;
    }
    closedir(dir);
    return status;
  }

  // Takes the events that are there; returns whether any is of interest.
  bool Drain() {
    bool is_relevant = false;
    alignas(inotify_event) char buffer[16384];
    for (;;) {
      const ssize_t size = read(inotify, buffer, sizeof(buffer));
      if (size <= 0) return is_relevant;
      for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        is_relevant |= OnEvent(*event);
      }
    }
  }

  bool OnEvent(const inotify_event& event) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) return true;
    if ((event.mask & IN_IGNORED) != 0) {
      folders.erase(event.wd);
      return false;
    }
    const auto folder = folders.find(event.wd);
    if (folder == folders.end()) return false;
    const absl::string_view name = event.len > 0 ? event.name : "";
    if ((event.mask & IN_ISDIR) == 0) return true;
    if (options.is_skipped(name)) return false;
    if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
      // Best effort: the next start, or the next change above, tries again.
      Add(absl::StrCat(folder->second, "/", name)).IgnoreError();
    }
    return true;
  }

  absl::Status Run(const Context& ctx) {
    absl::Time first = absl::InfiniteFuture(), last = absl::InfinitePast();
    while (!ctx.is_done()) {
      const absl::Time due =
          first == absl::InfiniteFuture()
              ? first
              : std::min(last + options.quiet, first + 10 * options.quiet);
      const int timeout =
          due == absl::InfiniteFuture()
              ? -1
              : static_cast<int>(std::clamp<int64_t>(
                    absl::ToInt64Milliseconds(due - absl::Now()) + 1, 0,
                    60'000));
      pollfd fds[] = {{inotify, POLLIN, 0}, {wake, POLLIN, 0}};
      if (poll(fds, 2, timeout) < 0 && errno != EINTR) {
        return ErrnoToStatus(errno, "poll");
      }
      if (fds[0].revents != 0 && Drain()) {
        last = absl::Now();
        first = std::min(first, last);
      } else if (absl::Now() >= due) {
        first = absl::InfiniteFuture();
        on_change();
      }
    }
    return absl::OkStatus();
  }
};

FolderWatcher::FolderWatcher(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
FolderWatcher::~FolderWatcher() = default;

absl::StatusOr<std::unique_ptr<FolderWatcher>> FolderWatcher::Start(
    FolderWatcherOptions options, std::function<void()> on_change) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  if (impl->options.is_skipped == nullptr) {
    impl->options.is_skipped = [](absl::string_view) { return false; };
  }
  impl->on_change = std::move(on_change);
  impl->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  impl->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (impl->inotify < 0 || impl->wake < 0) {
    return ErrnoToStatus(errno, "inotify");
  }
  WEIR_RETURN_IF_ERROR(impl->Add(impl->options.root));
  Impl* const self = impl.get();
  impl->threads.Start("watch-folder",
                      [self](const Context& ctx) { return self->Run(ctx); });
  return std::unique_ptr<FolderWatcher>(new FolderWatcher(std::move(impl)));
}

}  // namespace weir::cli

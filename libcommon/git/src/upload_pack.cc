#include "src/upload_pack.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"

namespace weir::git {
namespace {

constexpr size_t kHeaderBytes = 4;
constexpr size_t kBufferBytes = 128 << 10;
constexpr size_t kMaxRefs = 5'000'000;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::Status Malformed(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("malformed answer of the git server: ", what));
}

absl::Status ServerError(absl::string_view text) {
  absl::ConsumeSuffix(&text, "\n");
  const std::string message = absl::StrCat("remote: ", text);
  if (absl::StrContains(text, "not our ref")) {
    return absl::NotFoundError(message);
  }
  return absl::FailedPreconditionError(message);
}

void AppendPacket(std::string* out, absl::string_view data) {
  absl::StrAppendFormat(out, "%04x", data.size() + kHeaderBytes);
  absl::StrAppend(out, data);
}

bool AddCapabilities(absl::string_view text, Advertisement* out) {
  for (const absl::string_view word :
       absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    absl::string_view value = word;
    if (absl::ConsumePrefix(&value, "symref=HEAD:")) {
      out->head_target = std::string(value);
    } else if (absl::ConsumePrefix(&value, "object-format=")) {
      if (value != "sha1") return false;
    } else {
      out->capabilities.insert(std::string(word));
    }
  }
  return true;
}

absl::Status AddRef(absl::string_view line, Advertisement* out) {
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos) return Malformed("reference");
  const absl::StatusOr<Oid> oid = ParseOid(line.substr(0, space));
  if (!oid.ok()) return Malformed("hash of a reference");
  absl::string_view name = line.substr(space + 1);
  if (name == "capabilities^{}") return absl::OkStatus();  // Empty.
  if (absl::ConsumeSuffix(&name, "^{}")) {
    if (!out->refs.empty() && out->refs.back().name == name) {
      out->refs.back().peeled = *oid;
    }
    return absl::OkStatus();
  }
  if (out->refs.size() >= kMaxRefs) {
    return absl::ResourceExhaustedError("the remote has too many references");
  }
  out->refs.push_back({std::string(name), *oid, std::nullopt});
  return absl::OkStatus();
}

absl::StatusOr<Oid> OidAfter(absl::string_view prefix, absl::string_view line) {
  if (!absl::ConsumePrefix(&line, prefix)) return Malformed(prefix);
  return ParseOid(line.substr(0, 40));
}

}  // namespace

absl::StatusOr<bool> PktReader::Fill(const Context& ctx, size_t size) {
  if (end_ - begin_ >= size) return true;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < std::max(size, kBufferBytes)) {
    buffer_.resize(std::max(size, kBufferBytes));
  }
  while (end_ < size) {
    WEIR_ASSIGN_OR_RETURN(
        const size_t got,
        reader_->Read(ctx, buffer_.data() + end_, buffer_.size() - end_));
    if (got == 0) {
      if (end_ == 0) return false;
      return absl::UnavailableError("the git server's answer ends early");
    }
    end_ += got;
  }
  return true;
}

absl::StatusOr<PktReader::Packet> PktReader::Next(const Context& ctx) {
  WEIR_ASSIGN_OR_RETURN(const bool has_more, Fill(ctx, kHeaderBytes));
  if (!has_more) return Packet{};
  size_t size = 0;
  for (size_t i = 0; i < kHeaderBytes; ++i) {
    const int digit = HexDigit(buffer_[begin_ + i]);
    if (digit < 0) return Malformed("length of a packet");
    size = size << 4 | static_cast<size_t>(digit);
  }
  begin_ += kHeaderBytes;
  if (size == 0) return Packet{Kind::kFlush, ""};
  if (size == 1 || size == 2) return Packet{Kind::kDelimiter, ""};
  if (size < kHeaderBytes) return Malformed("length of a packet");
  size -= kHeaderBytes;
  if (size > 0) {
    WEIR_ASSIGN_OR_RETURN(const bool has_data, Fill(ctx, size));
    if (!has_data) {
      return absl::UnavailableError("the git server's answer ends early");
    }
  }
  const absl::string_view data(buffer_.data() + begin_, size);
  begin_ += size;
  if (absl::StartsWith(data, "ERR ")) return ServerError(data.substr(4));
  return Packet{Kind::kData, data};
}

absl::StatusOr<absl::string_view> PktReader::NextRaw(const Context& ctx) {
  WEIR_ASSIGN_OR_RETURN(const bool has_more, Fill(ctx, 1));
  if (!has_more) return absl::string_view();
  const absl::string_view data(buffer_.data() + begin_, end_ - begin_);
  begin_ = end_;
  return data;
}

absl::StatusOr<Advertisement> ReadAdvertisement(const Context& ctx,
                                                PktReader& reader) {
  Advertisement out;
  bool is_first = true;        // The next reference carries capabilities.
  bool is_introduced = false;  // HTTP's "# service=..." and its flush come.
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const PktReader::Packet packet, reader.Next(ctx));
    if (packet.kind == PktReader::Kind::kEnd) {
      if (is_first) return Malformed("it is empty");
      return absl::UnavailableError("the git server's answer ends early");
    }
    if (packet.kind != PktReader::Kind::kData) {
      if (!std::exchange(is_introduced, false)) return out;
      continue;
    }
    absl::string_view line = packet.data;
    absl::ConsumeSuffix(&line, "\n");
    if (absl::StartsWith(line, "# service=")) {
      is_introduced = true;
      continue;
    }
    if (line == "version 1") continue;
    if (line == "version 2") {
      return absl::FailedPreconditionError(
          "the git server speaks only version 2 of the protocol");
    }
    if (is_first) {
      is_first = false;
      const size_t nul = line.find('\0');
      if (nul != absl::string_view::npos) {
        if (!AddCapabilities(line.substr(nul + 1), &out)) {
          return absl::FailedPreconditionError(
              "repositories with SHA-256 objects are not supported");
        }
        line = line.substr(0, nul);
      }
    }
    if (absl::StartsWith(line, "shallow ")) continue;
    WEIR_RETURN_IF_ERROR(AddRef(line, &out));
  }
}

std::string BuildRequest(const FetchPlan& plan,
                         const Advertisement& advertisement,
                         absl::string_view user_agent) {
  const auto& has = advertisement.capabilities;
  std::string capabilities;
  const auto offer = [&](absl::string_view name) {
    if (!has.contains(name)) return false;
    absl::StrAppend(&capabilities, " ", name);
    return true;
  };
  // Some servers (Azure DevOps) refuse clients without multi_ack.
  if (!offer("multi_ack_detailed")) offer("multi_ack");
  if (!offer("side-band-64k")) offer("side-band");
  for (const absl::string_view name :
       {"no-progress", "ofs-delta", "thin-pack"}) {
    offer(name);
  }
  std::string agent(user_agent);
  std::replace(agent.begin(), agent.end(), ' ', '-');
  absl::StrAppend(&capabilities, " agent=", agent);
  std::string out;
  for (size_t i = 0; i < plan.wants.size(); ++i) {
    AppendPacket(&out, absl::StrCat("want ", plan.wants[i].ToHex(),
                                    i == 0 ? capabilities : "", "\n"));
  }
  if (has.contains("shallow")) {
    for (const Oid& oid : plan.shallow) {
      AppendPacket(&out, absl::StrCat("shallow ", oid.ToHex(), "\n"));
    }
    if (plan.depth > 0) {
      AppendPacket(&out, absl::StrCat("deepen ", plan.depth, "\n"));
    }
  }
  absl::StrAppend(&out, "0000");
  for (const Oid& oid : plan.haves) {
    AppendPacket(&out, absl::StrCat("have ", oid.ToHex(), "\n"));
  }
  AppendPacket(&out, "done\n");
  return out;
}

absl::StatusOr<FetchAnswer> ReadAnswer(
    const Context& ctx, const FetchPlan& plan,
    const Advertisement& advertisement, PktReader& reader,
    const std::function<absl::Status(absl::string_view)>& sink) {
  FetchAnswer answer;
  const bool has_shallow_part =
      plan.depth > 0 && advertisement.capabilities.contains("shallow");
  while (has_shallow_part) {
    WEIR_ASSIGN_OR_RETURN(const PktReader::Packet packet, reader.Next(ctx));
    if (packet.kind == PktReader::Kind::kFlush) break;
    const bool is_un = absl::StartsWith(packet.data, "un");
    WEIR_ASSIGN_OR_RETURN(
        const Oid oid,
        OidAfter(is_un ? "unshallow " : "shallow ", packet.data));
    (is_un ? answer.unshallow : answer.shallow).push_back(oid);
  }
  while (true) {  // "ACK <oid> common" and the like, until the last word.
    WEIR_ASSIGN_OR_RETURN(const PktReader::Packet packet, reader.Next(ctx));
    absl::string_view line = packet.data;
    absl::ConsumeSuffix(&line, "\n");
    if (line == "NAK") break;
    if (!absl::StartsWith(line, "ACK ")) return Malformed("no ACK, no NAK");
    if (line.size() == 44) break;
  }
  const bool has_bands = advertisement.capabilities.contains("side-band-64k") ||
                         advertisement.capabilities.contains("side-band");
  while (true) {
    WEIR_RETURN_IF_ERROR(ctx.status());
    if (!has_bands) {
      WEIR_ASSIGN_OR_RETURN(const absl::string_view bytes, reader.NextRaw(ctx));
      if (bytes.empty()) return answer;
      WEIR_RETURN_IF_ERROR(sink(bytes));
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(const PktReader::Packet packet, reader.Next(ctx));
    if (packet.kind != PktReader::Kind::kData) {
      if (packet.kind == PktReader::Kind::kFlush) return answer;
      return absl::UnavailableError("the git server's answer ends early");
    }
    if (packet.data.empty()) continue;
    if (packet.data[0] == 1) {
      WEIR_RETURN_IF_ERROR(sink(packet.data.substr(1)));
    } else if (packet.data[0] == 3) {
      return ServerError(packet.data.substr(1));
    }  // 2 is progress, for people.
  }
}

}  // namespace weir::git

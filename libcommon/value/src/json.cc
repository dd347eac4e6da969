#include "weir/value/json.h"

#include "weir/base/status.h"

namespace weir {

absl::Status JsonStreamSplitter::Append(absl::string_view bytes) {
  if (start_ > 0) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
  }
  // What waits complete does not count against the limit; with nothing
  // complete the whole buffer is one document.
  if (!complete_ && buffer_.size() + bytes.size() > max_document_bytes_) {
    // The bytes may end this document early and begin others, so look at them
    // before refusing.
    const size_t room = max_document_bytes_ > buffer_.size()
                            ? max_document_bytes_ - buffer_.size()
                            : 0;
    if (bytes.size() <= room ||
        bytes.substr(0, room + 1).find_first_of("}]\n") ==
            absl::string_view::npos) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "JSON document is larger than ", max_document_bytes_, " bytes"));
    }
  }
  buffer_.append(bytes.data(), bytes.size());
  return absl::OkStatus();
}

std::string JsonStreamSplitter::Next() {
  const auto is_space = [](char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  };
  complete_ = false;
  bool bare = false;  // A scalar outside any bracket is under way.
  if (scanned_ == start_) {
    while (start_ < buffer_.size() && is_space(buffer_[start_])) ++start_;
    scanned_ = start_;
  } else {
    bare = depth_ == 0 && !in_string_;
  }
  for (size_t i = scanned_; i < buffer_.size(); ++i) {
    const char c = buffer_[i];
    size_t end = 0;
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 0) end = i + 1;
      }
    } else if (bare && (is_space(c) || c == '{' || c == '[' || c == '"')) {
      end = i;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      // A stray closing bracket ends a document of its own, for the parser
      // to refuse.
      if (depth_ > 0) --depth_;
      if (depth_ == 0) end = i + 1;
    } else if (depth_ == 0) {
      bare = true;
    }
    if (end != 0) {
      std::string document = buffer_.substr(start_, end - start_);
      start_ = scanned_ = end;
      depth_ = 0;
      complete_ = true;
      return document;
    }
  }
  scanned_ = buffer_.size();
  return "";
}

}  // namespace weir

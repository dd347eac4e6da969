// The scanner's part that reads comments as go-yaml 3 does.
//
// It runs whether or not comments are kept: reading one takes the blanks before
// it along, tabs too, which elsewhere would be an error.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/yaml_scanner.h"

namespace weir::yaml {
namespace {

// How far ahead a comment is looked for.
constexpr size_t kHorizon = 512;
// How many may wait for what they belong to.
constexpr size_t kMaxComments = 10000;
// Of all comments that are kept.
constexpr size_t kMaxCommentBytes = size_t{16} << 20;

}  // namespace

bool Scanner::FailAtLimit(std::string problem) {
  Fail("", mark(), std::move(problem));
  error_.kind = Error::Kind::kLimit;
  return false;
}

bool Scanner::AddComment(Comment comment) {
  if (!options_.keep_comments) return true;
  if (comments_.size() == kMaxComments) {
    return FailAtLimit(
        absl::StrCat("more than ", kMaxComments, " comments in one place"));
  }
  comments_.push_back(std::move(comment));
  return true;
}

// Reads the comment that is `ahead` characters from here, to its line's end.
bool Scanner::TakeCommentLine(int32_t ahead, std::string* text) {
  const int32_t seen = index() + ahead;
  while (index() < seen) {
    if (BreakLength() != 0) {
      if (!Ensure(2)) return false;
      SkipBreak();
    } else {
      Skip();
    }
  }
  const char* from = at_;
  SkipToBreak();
  if (!Ensure(1)) return false;
  if (!options_.keep_comments) return true;
  text->append(from, at_);
  comment_bytes_ += static_cast<size_t>(at_ - from) + 1;
  return comment_bytes_ <= kMaxCommentBytes ||
         FailAtLimit(absl::StrCat("more than ", kMaxCommentBytes,
                                  " bytes of comments"));
}

// A comment behind the token just read, on its line.
bool Scanner::ScanLineComment(const Mark& token) {
  if (newlines_ > 0) return true;
  size_t ahead = 0;
  while (ahead < kHorizon && IsBlank(ahead)) ++ahead;
  if (!Ensure(std::min(ahead + 1, kHorizon))) return false;
  if (ahead == kHorizon || At(ahead) != '#') return true;
  Comment comment;
  comment.token = token;
  comment.start = mark();
  comment.start.index += static_cast<int32_t>(ahead);
  comment.start.column += static_cast<int32_t>(ahead);
  if (!TakeCommentLine(static_cast<int32_t>(ahead), &comment.line)) {
    return false;
  }
  return AddComment(std::move(comment));
}

// Comments before the token to come. What an empty line or an indentation cuts
// off is the foot of what came before; the rest is the head of what follows.
bool Scanner::ScanComments(Mark scan) {
  const Token* token = &tokens_.back();
  if (token->type == TokenType::kFlowEntry && tokens_.size() > 1) --token;
  const bool after_value = token->type == TokenType::kValue;
  Mark owner = token->start;
  Mark start;
  int32_t next_indent = std::max(indent_, 0);
  bool recent_empty = false;
  bool first_empty = newlines_ <= 1;
  int32_t line = line_;
  int32_t column = this->column();
  std::string text;
  // Where a comment has to begin to be the foot of what came before.
  int32_t foot_line = -1;
  if (scan.line > 0) {
    foot_line = line_ - newlines_ + 1;
    if (newlines_ == 0 && column > 1) ++foot_line;
  }
  size_t ahead = 0;
  const auto here = [this, &ahead, &line, &column] {
    return Mark{index() + static_cast<int32_t>(ahead), line, column};
  };
  const auto add_foot = [&] {
    const Mark end = here();
    const Comment foot = {scan, owner, start, end, "", "", text};
    text.clear();
    owner = scan = end;
    return AddComment(foot);
  };
  for (; ahead < kHorizon; ++ahead) {
    if (!Ensure(ahead + 1)) return false;
    ++column;
    if (IsBlank(ahead)) continue;
    const char c = At(ahead);
    const bool ends_flow = flow_level_ > 0 && (c == ']' || c == '}');
    if (ends_flow || IsBreakOrEnd(ahead)) {
      const bool is_outer = start.column - 1 < next_indent;
      const bool is_foot =
          ends_flow ||
          (first_empty &&
           ((start.line == foot_line && !after_value) || is_outer));
      if ((ends_flow || !recent_empty) && !text.empty()) {
        if (is_foot) {
          if (is_outer) owner = start;
          if (!add_foot()) return false;
        } else if (c != '\0') {
          text.push_back('\n');
        }
      }
      if (BreakLength(ahead) == 0) break;
      first_empty = false;
      recent_empty = true;
      column = 0;
      ++line;
      continue;
    }
    if (!text.empty() && column - 1 < next_indent && column != start.column &&
        !add_foot()) {
      return false;
    }
    if (c != '#') break;
    if (text.empty()) {
      start = here();
    } else {
      text.push_back('\n');
    }
    recent_empty = false;
    if (!TakeCommentLine(static_cast<int32_t>(ahead), &text)) return false;
    ahead = 0;
    column = 0;
    line = line_;
    next_indent = std::max(indent_, 0);
  }
  if (!text.empty()) {
    Mark end = here();
    --end.index;
    return AddComment({scan, start, start, end, std::move(text), "", ""});
  }
  return true;
}

// "- # comment" above the entry's own lines is the head of what they hold.
void Scanner::MakeHeadOfEntry() {
  if (comments_.empty() || tokens_.size() < 2 || BreakLength() != 0) return;
  Comment& comment = comments_.back();
  if (comment.line.empty() ||
      tokens_[tokens_.size() - 2].type != TokenType::kBlockSequenceStart ||
      tokens_.back().type != TokenType::kBlockEntry) {
    return;
  }
  comment.head = std::exchange(comment.line, "");
  if (comment.start.line == line_ - 1) comment.token = mark();
}

// The end of the block that is open belongs before comments that are indented
// as the block around it is.
Mark Scanner::BlockEndMark(Mark mark) const {
  int32_t stop = mark.index;
  for (auto comment = comments_.rbegin(); comment != comments_.rend();
       ++comment) {
    if (comment->end.index < stop) break;
    if (comment->start.column == indent_ + 1) mark = comment->start;
    stop = comment->scan.index;
  }
  return mark;
}

}  // namespace weir::yaml

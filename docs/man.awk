# A page of the manual as a man page, for man(7). From the Makefile:
#
#   awk -v version=VERSION -f docs/man.awk docs/agent.md
#
# A page that becomes one begins with a comment that readers of the Markdown do not see: "<!-- man NAME SECTION", what it is
# in one line, lines of usage, "-->". Of Markdown it knows what the manual has: headings, paragraphs, lists, tables (a row becomes
# an entry with the first column as its tag), code in fences and in lines, bold, links. Pages that are man pages, too, are
# referred to as such.

function escape(text)
{
	gsub(/\\/, "\\e", text)
	return text
}

# A line that begins with a dot or a quote would be a request.
function put(text)
{
	if (text ~ /^[.']/)
		text = "\\&" text
	print text
}

function code(text)
{
	text = escape(text)
	gsub(/-/, "\\-", text)
	return "\\fB" text "\\fR"
}

# "[text](target)": the text, or the man page, or the text and the address
function link(text, target)
{
	sub(/#.*/, "", target)
	if (target ~ /agent\.md$/)
		return "\\fBnpcsim\\-agent\\fR(1)"
	if (target ~ /gateway\.md$/)
		return "\\fBnpcsim\\-gateway\\fR(1)"
	if (target ~ /manual\.md$/)
		return "\\fBnpcsim\\fR(7)"
	if (target ~ /^https?:/)
		return inline(text) " (" escape(target) ")"
	return inline(text)
}

# What stands within a line; what is found first is done first.
function inline(text,    out, at, rest, close_at, middle)
{
	out = ""
	while (match(text, /`[^`]+`|\*\*[^*]+\*\*|\[[^]]+\]\([^)]+\)/)) {
		out = out escape(substr(text, 1, RSTART - 1))
		middle = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (middle ~ /^`/)
			out = out code(substr(middle, 2, length(middle) - 2))
		else if (middle ~ /^\*/)
			out = out "\\fB" inline(substr(middle, 3, length(middle) - 4)) "\\fR"
		else {
			at = index(middle, "](")
			out = out link(substr(middle, 2, at - 2), substr(middle, at + 2, length(middle) - at - 2))
		}
	}
	return out escape(text)
}

# A paragraph or an item that is being read is written when something else begins.
function flush()
{
	if (pending != "")
		put(inline(pending))
	pending = ""
}

function heading(macro, text)
{
	flush()
	gsub(/[`*]/, "", text)
	print macro " \"" escape(text) "\""
	is_fresh = 1
}

# After a heading a paragraph begins by itself.
function paragraph()
{
	if (!is_fresh)
		print ".PP"
	is_fresh = 0
}

# The cells of a row, in cell[1] to cell[n]; a bar in code is escaped.
function cells(line, cell,    n, i)
{
	gsub(/\\\|/, "\001", line)
	sub(/^\| */, "", line)
	sub(/ *\|[ ]*$/, "", line)
	n = split(line, cell, / *\| */)
	for (i = 1; i <= n; i++)
		gsub(/\001/, "|", cell[i])
	return n
}

function row(line,    cell, n, i, notes)
{
	n = cells(line, cell)
	print ".TP"
	is_fresh = 0
	put(inline(cell[1]))
	notes = ""
	for (i = 2; i < n; i++)
		if (cell[i] != "")
			notes = notes (notes == "" ? "" : "; ") head[i] ": " inline(cell[i])
	if (notes != "")
		notes = "(" notes ")"
	put((n > 1 ? inline(cell[n]) : "") (n > 1 && cell[n] != "" && notes != "" ? " " : "") notes (n < 2 || cell[n] notes == "" ? "\\&" : ""))
}

# ----------------------------------------------------------------------------------------------------

/^<!-- man / && FNR == 1 {
	name = $3
	section = $4
	in_comment = 1
	next
}

in_comment && /^-->/ {
	in_comment = 0
	print "'\\\" -*- coding: UTF-8 -*-"
	print ".TH \"" toupper(name) "\" \"" section "\" \"\" \"npcsim " version "\" \"npcsim manual\""
	print ".SH \"NAME\""
	print name " \\- " escape(what)
	if (usages > 0) {
		print ".SH \"SYNOPSIS\""
		for (i = 1; i <= usages; i++)
			print (i > 1 ? ".br\n" : "") code(usage[i])
	}
	heading(".SH", "DESCRIPTION")
	next
}

in_comment {
	if (what == "")
		what = $0
	else
		usage[++usages] = $0
	next
}

/^```/ {
	if (!in_code) {
		flush()
		paragraph()
		print ".RS 4\n.nf"
	} else
		print ".fi\n.RE"
	in_code = !in_code
	was_blank = 1
	next
}

in_code {
	line = escape($0)
	gsub(/-/, "\\-", line)
	put(line)
	next
}

/^# / { next }
/^## / { heading(".SH", toupper(substr($0, 4))); was_blank = 1; next }
/^### / { heading(".SS", substr($0, 5)); was_blank = 1; next }

/^\|/ {
	flush()
	if (!in_table) {
		delete head
		cells($0, head)
		in_table = 1
	} else if ($0 !~ /^\|[-| ]+$/)
		row($0)
	was_blank = 1
	next
}

{ in_table = 0 }

/^$/ {
	flush()
	was_blank = 1
	in_item = 0
	next
}

/^(- |[0-9]+\. )/ {
	flush()
	if (/^- /)
		print ".IP \\(bu 2"
	else
		print ".IP " $1 " 4"
	is_fresh = 0
	sub(/^(- |[0-9]+\. )/, "")
	pending = $0
	was_blank = 0
	next
}

{
	sub(/^ +/, "")
	if (was_blank && pending == "")
		paragraph()
	was_blank = 0
	pending = pending == "" ? $0 : pending " " $0
}

END {
	flush()
	print ".SH \"SEE ALSO\""
	split("npcsim-gateway(1) npcsim-agent(1) npcsim(7)", pages, " ")
	seen = ""
	for (i = 1; i <= 3; i++)
		if (pages[i] != name "(" section ")") {
			split(pages[i], part, "(")
			seen = seen (seen == "" ? "" : ", ") code(part[1]) "(" part[2]
		}
	print seen
}

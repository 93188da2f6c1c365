/* The table of the subcommands, with the help on each, and what completion is to know. */
#include "ctl/command.h"
#include "ctl/selection_help.h"

const struct command commands[] = {
    {
        .name = "push",
        .arguments = "[--force] [--wait-replicas N [--wait-timeout TIME]] [--json] [FILE...]",
        .about = "push events, JSON objects or a list of them, from files or standard input",
        .options =
            "  --force              what the daemon would refuse too; it becomes a dead letter\n"
            "  --wait-replicas N    until N replicas of Redis have each, 1 to 8; where they lag\n"
            "                       it says which lines are not confirmed, and stops\n"
            "  --wait-timeout TIME  for so long at most, 100ms to 20s; default: 2s\n"
            "  --json               how many, as one JSON object\n",
        .examples = "  nudgectl push yesterday.jsonl today.jsonl\n"
                    "  nudgectl push --wait-replicas 1 orders.jsonl\n"
                    "  echo '{\"type\":\"customer.signed_up\",\"customer\":{\"id\":\"7\"}}' | "
                    "nudgectl push\n",
        .words = ":file",
        .run = command_push,
    },
    {
        .name = "check",
        .arguments = "[--strict] [--json]",
        .about = "check the configuration, all rules and all templates",
        .options = "  --strict  a warning fails too: the exit status is 1\n"
                   "  --json    all that was found, as one JSON object\n",
        .examples = "  nudgectl check -c nudged.yaml\n"
                    "  nudgectl check --strict\n",
        .run = command_check,
    },
    {
        .name = "preview",
        .arguments =
            "[--event FILE] [--locale NAME] [--as FORM] [--open | --send-to ADDRESS] TEMPLATE",
        .about = "a message as it would leave",
        .options =
            "  --event FILE   the event that it answers, as JSON (- for standard input);\n"
            "                 default: a sample of rules/events.yaml\n"
            "  --locale NAME  in that language, such as ro\n"
            "  --as FORM      text: the main headers and the text part (the default)\n"
            "                 html: the HTML part\n"
            "                 eml: all of it, as its gateway gets it\n"
            "                 source: the files of the template folder that it is made from\n"
            "  --open         opens it in the browser; html, where no other form is asked for\n"
            "  --send-to ADDRESS\n"
            "                 sends it there for real, marked as a test, which nothing counts\n"
            "  --gateway NAME\n"
            "                 through that one; default: the first of its channel\n"
            "  --json         the message, or the gateway's answer, as one JSON object\n",
        .examples = "  nudgectl preview welcome\n"
                    "  nudgectl preview welcome --locale ro --open\n"
                    "  nudgectl preview welcome --send-to me@shop.example\n"
                    "  nudgectl preview order-thanks --event order.json --as eml\n",
        .words = ":template",
        .run = command_preview,
    },
    {
        .name = "render",
        .arguments = "[--data FILE] [--strict] TEMPLATE",
        .about = "render any one Liquid file",
        .options =
            "  --data FILE  what its variables are, one JSON object (- for standard input)\n"
            "  --strict     a warning fails too: nothing is printed, and the exit status is 1\n",
        .examples = "  echo '{\"name\": \"Ana\"}' | nudgectl render hello.liquid --data -\n",
        .words = ":file",
        .no_json = "it prints the file that it renders",
        .run = command_render,
    },
    {
        .name = "eval",
        .arguments =
            "[--event FILE] [--customer FILE] [--table FILE] [--trace] [--json] EXPRESSION",
        .about = "what an expression gives, as a rule's condition would see it",
        .options =
            "  --event FILE     the event, as JSON (- for standard input)\n"
            "  --customer FILE  what is known of the customer: a JSON object of the fields, "
            "or the\n"
            "                   document as it stands in Redis, which has the counts too\n"
            "  --table FILE     what lookup() finds: a JSON object of tables, {\"stock\": "
            "{\"TEA\": 3}}\n"
            "  --trace          every part of the expression with its value\n"
            "  --json           one JSON object: the value, or its text where JSON has no such\n",
        .examples = "  nudgectl eval 'cart.total >= 20 && size(cart.items) > 0' --event cart.json\n"
                    "  nudgectl eval 'customer.tier == \"gold\"' --customer ana.json --trace\n",
        .run = command_eval,
    },
    {
        .name = "test",
        .arguments = "[--rules DIR] [--filter TEXT] [--tap | --json] [--junit FILE] [--update] "
                     "[-v] [FILE|FOLDER...]",
        .about = "run rule tests: what comes of given events, without a daemon",
        .options = "  --rules DIR    the rules that are tested, and where tests are looked for; "
                   "default: those "
                   "of\n"
                   "                 the configuration\n"
                   "  --filter TEXT  only tests with that in their names\n"
                   "  --tap          prints TAP, version 13\n"
                   "  --json         one JSON object a line for each test\n"
                   "  --junit FILE   writes JUnit's XML as well\n"
                   "  --update       writes what happened into the expectations that are not met\n"
                   "  -v, --verbose  each test with all that happened in it\n"
                   "Exit status: 0 all passed, 1 one failed or there was none, 65 a file cannot be "
                   "read.\n",
        .examples = "  nudgectl test\n"
                    "  nudgectl test rules/abandoned-cart.test.yaml -v\n"
                    "  nudgectl test --filter reminder --update\n",
        .words = ":file",
        .run = command_test,
    },
    {
        .name = "simulate",
        .arguments =
            "--events FILE... [--from TIME] [--to TIME] [--rules DIR] [--tables FILE] "
            "[--suppressed FILE] [--messages FILE] [--render] [--threads N] [--parts N] [--json] "
            "[--strict]",
        .about = "what rules would have sent over a log of events, and what not and why",
        .options =
            "  --events FILE      events, one JSON object a line: as `archive:` keeps them, or as\n"
            "                     they are pushed (- for standard input); more may follow\n"
            "  --from TIME        tells of what is from then on; what was earlier is decided too\n"
            "  --to TIME          ends there; default: with the last event\n"
            "  --rules DIR        the rules; default: those of the configuration\n"
            "  --tables FILE      what lookup() finds: {\"stock\": {\"TEA\": 3}}\n"
            "  --suppressed FILE  addresses that must not be written to, one a line\n"
            "  --messages FILE    writes each message, one JSON object a line (- for standard\n"
            "                     output; the table then goes to standard error)\n"
            "  --render           makes each message, which takes longer: with its subject\n"
            "  --threads N        1 or 2 (the default); the result is the same\n"
            "  --parts N          cuts the history into so many parts by people, at most, which\n"
            "                     takes room in $TMPDIR or /var/tmp; default: as many as are "
            "good.\n"
            "                     1: it is not cut. The result is the same\n"
            "  --json             the figures as one JSON object\n"
            "  --strict           a line that is no event ends it: the exit status is 65\n",
        .examples = "  nudgectl simulate --events archive/*.jsonl\n"
                    "  nudgectl simulate --events march.jsonl --from 2026-03-01 --to 2026-04-01\n"
                    "  nudgectl simulate --events march.jsonl --messages - | jq -r .to | sort -u\n",
        .words = ":file",
        .run = command_simulate,
    },
    {
        .name = "diff",
        .arguments = "OLD NEW --events FILE... [--from TIME] [--to TIME] [--tables FILE] "
                     "[--suppressed FILE] [--parts N] [--budget TEXT] [--markdown | --json] "
                     "[--strict]",
        .about = "what a change of rules would send more and fewer over a log of events",
        .options =
            "OLD and NEW are folders of rules, or whole configurations: a file, or a folder with "
            "a\n"
            "nudged.yaml.\n"
            "  --events FILE, --from TIME, --to TIME, --tables FILE, --suppressed FILE, --parts "
            "N,\n"
            "  --strict       as of `simulate`; not from standard input\n"
            "  --budget TEXT  \"+500 messages, +5% messages, +0 people over 3 per 7d\": beyond it "
            "the\n"
            "                 exit status is 1\n"
            "  --markdown     for a pull request\n"
            "  --json         one JSON object\n",
        .examples =
            "  nudgectl diff main/rules rules --events archive/*.jsonl\n"
            "  nudgectl diff main/rules rules --events march.jsonl --budget '+500 messages'\n"
            "  nudgectl diff main . --events march.jsonl --markdown >comment.md\n",
        .run = command_diff,
    },
    {
        .name = "graph",
        .arguments = "[--markdown | --json] [RULE|FILE|FOLDER...]",
        .about = "each rule as a Mermaid diagram: what starts it, its steps, what ends it",
        .options = "  --markdown  a section for each rule, its diagram in a fenced block\n"
                   "  --json      one JSON object a line: rule, file, mermaid\n"
                   "Without both it is one diagram. Without an argument all rules are drawn.\n",
        .examples = "  nudgectl graph abandoned-cart\n"
                    "  nudgectl graph --markdown > rules.md\n"
                    "  nudgectl graph --markdown rules/welcome.yaml rules/loyalty.yaml\n",
        .words = ":rule",
        .run = command_graph,
    },
    {
        .name = "explain",
        .arguments = "[--rule RULE] [--since TIME] [--event FILE] [--json] [CUSTOMER]",
        .about = "what was decided about a customer, and why",
        .options =
            "  --rule RULE   what concerns that rule alone\n"
            "  --since TIME  the newest only: 7d, 12h\n"
            "  --event FILE  an event that did not happen (\"-\": standard input): what would be\n"
            "                decided; nothing is written, nothing sent\n"
            "  --at TIME     when it would come (default: now)\n"
            "  --rules DIR   by the rules of that folder\n"
            "  --json        who that is as an object, then the trace as it is stored, one\n"
            "                object a line\n",
        .examples = "  nudgectl explain id:7\n"
                    "  nudgectl explain ana@example.com --rule abandoned-cart --since 7d\n"
                    "  nudgectl explain id:7 --event order.json\n",
        .words = ":customer",
        .run = command_explain,
    },
    {
        .name = "customer",
        .arguments = "show | export | erase CUSTOMER | import FILE... [OPTION...]",
        .about = "what is kept of a person: to see it, hand it over, bring it back, erase it",
        .options =
            "  show             what is known, what runs, what was sent, for people\n"
            "  export           all of it as one JSON document\n"
            "  erase            forgets them: all but each no, and when it was\n"
            "  import           what `export` gave becomes part of what is known; or customers of\n"
            "                   the shop, as JSON lines or .csv, as events `customer.updated`\n"
            "  --archive        export: the lines of the archive that name them too\n"
            "  --journeys       import: what runs comes along, and goes on here\n"
            "  --after-erasure  import: also who was erased since\n"
            "  --yes            erase: nobody is asked\n"
            "  --dry-run        erase: only says what would go\n"
            "  --json           show: as `export`; erase: what went, as a JSON object\n",
        .examples = "  nudgectl customer show ana@example.com\n"
                    "  nudgectl customer export id:7 --archive > ana.json\n"
                    "  nudgectl customer erase ana@example.com --dry-run\n"
                    "  nudgectl customer import ana.json\n"
                    "  nudgectl customer import customers.csv\n",
        .words = "show:customer export:customer erase:customer import:file",
        .run = command_customer,
    },
    {
        .name = "webhook",
        .arguments = "[--json] MAPPING FILE ['NAME: VALUE'...]",
        .about = "which events a delivery of a webhook becomes",
        .options = "  --json  all of it, as one JSON object\n",
        .examples = "  nudgectl webhook shopify order.json 'X-Shopify-Topic: orders/create'\n"
                    "  nudgectl webhook webhooks/ours.yaml request.txt\n",
        .words = ":file",
        .run = command_webhook,
    },
    {
        .name = "feedback",
        .arguments = "[--recipient ADDRESS] [--unsigned]",
        .about = "a bounce or a complaint, from standard input, as a mail server hands it over",
        .options = "  --recipient ADDRESS  to which it came; default: as its header says\n"
                   "  --unsigned           suppresses the address that it names also where nothing "
                   "shows that\n"
                   "                       it is about a mail of ours: for reports that you have "
                   "looked at\n",
        .examples = "  nudgectl feedback --recipient r-...@bounces.shop.example < report.eml\n",
        .no_json = "a mail server calls it, and reads its exit status",
        .run = command_feedback,
    },
    {
        .name = "dead",
        .arguments = "[ls [N] | show ID... | retry ID... | drop ID...] [OPTION...]",
        .about = "the dead letters, and what is to become of them",
        .options =
            "  ls      the newest, at most N (50); all take a letter's id, or its message's\n"
            "  show    all of a letter\n"
            "  retry   a message goes out after all, and counts anew under limits and caps;\n"
            "          an event is pushed again; a timer is due\n"
            "  drop    deletes the letters\n" SELECTION_HELP,
        .examples = "  nudgectl dead\n"
                    "  nudgectl dead show 1795910762653-0\n"
                    "  nudgectl dead retry --rule receipt --reason refused --after 2h\n",
        .words = "ls show retry drop",
        .run = command_dead,
    },
    {
        .name = "outbox",
        .arguments = "[ls [N] | show MID... | retry MID... | drop MID...] [OPTION...]",
        .about = "the messages that wait to be sent, and what is to become of them",
        .options =
            "  ls      what is queued, in a sender's hand or waits for its next try: N (50)\n"
            "  show    all of a message\n"
            "  retry   what waits for its next try is due now\n"
            "  drop    makes them dead letters; one in a sender's hand unless it is "
            "delivered\n" SELECTION_HELP,
        .examples = "  nudgectl outbox ls 10\n"
                    "  nudgectl outbox retry --gateway relay --reason later\n",
        .words = "ls show retry drop",
        .run = command_outbox,
    },
    {
        .name = "uncertain",
        .arguments = "[ls [N] | show MID... | retry MID... | drop MID...] [OPTION...]",
        .about = "messages that were perhaps sent, and wait for your word",
        .options = "  ls      those that are held, the oldest first, at most N (50)\n"
                   "  show    all of a message\n"
                   "  retry   sends them once more, through the same gateway (formerly `resend`)\n"
                   "  drop    makes them dead letters\n" SELECTION_HELP,
        .examples = "  nudgectl uncertain\n"
                    "  nudgectl uncertain retry --all\n",
        .words = "ls show retry drop",
        .run = command_uncertain,
    },
    {
        .name = "suppress",
        .arguments = "[ls [N] | add ADDRESS... | rm ADDRESS... | import FILE | export] [OPTION...]",
        .about = "addresses that must not be written to",
        .options =
            "  ls             keyed hashes of addresses, since when and why, at most N (50)\n"
            "  add            suppresses addresses\n"
            "  rm             lifts that, of addresses or of hashes as `ls` shows them\n"
            "  import         a list: an address a line, a CSV with a header (as SendGrid, "
            "Mailgun\n"
            "                 and Postmark export theirs), JSON lines; - for standard input\n"
            "  export         the list as JSON lines, which `import` reads again\n"
            "  --reason WORD  add, import: why; ls, export: those of that reason\n"
            "  --csv          export: as CSV\n"
            "  --json         one JSON object a line; add, rm, import: how many\n",
        .examples = "  nudgectl suppress add ana@example.com --reason by-phone\n"
                    "  nudgectl suppress import bounces.csv\n"
                    "  nudgectl suppress export > suppressed.jsonl\n",
        .words = "ls add rm import:file export",
        .run = command_suppress,
    },
    {
        .name = "gateway",
        .arguments = "[ls | pause NAME... | resume NAME... | test NAME --to ADDRESS] [--json]",
        .about = "the gateways over all daemons; pausing one, or testing it",
        .options =
            "  ls            breaker, last failure, what waits, how much of the rate is used\n"
            "  pause         nothing is taken for it any more; what has begun goes on\n"
            "  resume        it goes on\n"
            "  test          sends one real message through it, and shows all that was said\n"
            "  --to ADDRESS  test: to whom\n"
            "  --json        one JSON object a line\n",
        .examples = "  nudgectl gateway\n"
                    "  nudgectl gateway pause relay\n"
                    "  nudgectl gateway test relay --to me@example.com\n",
        .words = "ls pause:gateway resume:gateway test:gateway",
        .run = command_gateway,
    },
    {
        .name = "codes",
        .arguments = "[ls | load LIST FILE] [--json]",
        .about = "lists of codes, of which sends take one",
        .options = "  ls      how many are left of each list\n"
                   "  load    puts the codes of a file into a list, one a line; what the list ever "
                   "had is\n"
                   "          passed over\n"
                   "  --json  one JSON object a line\n",
        .examples = "  nudgectl codes\n"
                    "  nudgectl codes load spring10 codes.txt\n",
        .words = "ls load:list:file",
        .run = command_codes,
    },
    {
        .name = "rule",
        .arguments = "[ls | pause NAME... | resume NAME...] [--json]",
        .about = "the rules, and which are paused; pausing one",
        .options = "  ls      also since when, by whom, and to how many customers sends wait\n"
                   "  pause   its matches start nothing any more, its sends wait; what is in the "
                   "outbox goes\n"
                   "  resume  it goes on: what waits is asked again, policy.brake counts anew\n"
                   "  --json  one JSON object a line\n",
        .examples = "  nudgectl rule\n"
                    "  nudgectl rule pause win-back\n",
        .words = "ls pause:rule resume:rule",
        .run = command_rule,
    },
    {
        .name = "status",
        .arguments = "[--shards] [--json]",
        .about = "how nudged stands: what is wrong, what it does, what waits",
        .options = "  --shards  of many shards a line for each too\n"
                   "  --json    the same as one JSON object\n",
        .examples = "  nudgectl status\n",
        .run = command_status,
    },
    {
        .name = "top",
        .arguments = "[--interval TIME]",
        .about = "the same, live: q quits",
        .options = "  --interval TIME  how often it looks: 1s (the default), 500ms, 1m\n",
        .examples = "  nudgectl top\n"
                    "  nudgectl top --interval 5s\n",
        .no_json = "it draws on a terminal; `status` has the same",
        .run = command_top,
    },
    {
        .name = "reload",
        .arguments = "[--json]",
        .about = "read rules and templates again",
        .options = "  --json  the answer as one JSON object\n",
        .examples = "  nudgectl check && nudgectl reload\n",
        .run = command_reload,
    },
    {
        .name = "token-key",
        .arguments = "",
        .about = "a new key for web.token_keys_file, which signs mailed links",
        .examples = "  nudgectl token-key >> /etc/nudged/token-keys && nudgectl reload\n",
        .no_json = "it prints a line of that file",
        .run = command_token_key,
    },
    {
        .name = "reshard",
        .arguments = "--to N [--customers | --json]",
        .about = "what it would take to have another number of shards; nothing is changed",
        .options =
            "  --to N       the number of shards that is asked for\n"
            "  --customers  prints a key of each customer instead, one a line, to export them\n"
            "  --json       the figures and the steps, as one JSON object\n",
        .examples = "  nudgectl reshard --to 64\n"
                    "  nudgectl reshard --to 64 --json | jq .seconds\n",
        .run = command_reshard,
    },
    {
        .name = "stop",
        .arguments = "[--json]",
        .about = "end the daemon, as SIGTERM does",
        .options = "  --json  the answer as one JSON object\n",
        .examples = "  nudgectl stop\n",
        .run = command_stop,
    },
    {
        .name = "demo",
        .arguments = "[--folder DIR] [--examples DIR] [--keep]",
        .about = "all of it at once, on this machine",
        .options = "  --folder DIR    where its files lie (default: a new one below the temporary "
                   "folder)\n"
                   "  --examples DIR  the rules, templates and events that it shows (default: the "
                   "installed)\n"
                   "  --keep          leaves the daemon running when it is over\n",
        .examples = "  nudgectl demo\n"
                    "  nudgectl demo --folder /tmp/demo --keep\n",
        .no_json = "it is a walk for people",
        .run = command_demo,
    },
    {0},
};

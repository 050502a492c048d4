/* prompt_words.c: the words prompts are made of: common English ones, each different. The list is part of every result that
 * names a seed: a change makes other prompts. */
#include "load/prompt_words.h"

const char *const prompt_words[PROMPT_WORDS] = {
    "the",    "of",      "and",     "to",      "in",      "is",     "that",     "for",    "it",     "as",      "was",
    "with",   "be",      "by",      "on",      "not",     "he",     "his",      "but",    "at",     "are",     "this",
    "have",   "from",    "or",      "had",     "an",      "they",   "which",    "one",    "you",    "were",    "all",
    "her",    "she",     "there",   "would",   "their",   "we",     "him",      "been",   "has",    "when",    "who",
    "will",   "no",      "more",    "if",      "out",     "so",     "up",       "said",   "what",   "its",     "about",
    "than",   "into",    "them",    "can",     "only",    "other",  "time",     "new",    "some",   "could",   "these",
    "two",    "may",     "first",   "then",    "do",      "any",    "like",     "my",     "now",    "over",    "such",
    "our",    "man",     "me",      "even",    "most",    "made",   "after",    "also",   "did",    "many",    "off",
    "before", "must",    "well",    "back",    "through", "years",  "much",     "where",  "your",   "way",     "down",
    "should", "because", "long",    "each",    "just",    "state",  "those",    "people", "too",    "world",   "how",
    "little", "good",    "still",   "see",     "work",    "men",    "here",     "day",    "get",    "between", "own",
    "under",  "last",    "know",    "never",   "us",      "place",  "come",     "since",  "right",  "went",    "while",
    "again",  "great",   "might",   "old",     "year",    "end",    "house",    "life",   "same",   "part",    "water",
    "room",   "small",   "next",    "city",    "line",    "home",   "number",   "hand",   "head",   "point",   "high",
    "money",  "school",  "night",   "light",   "thing",   "name",   "side",     "fact",   "power",  "form",    "land",
    "air",    "told",    "young",   "given",   "face",    "far",    "second",   "once",   "body",   "order",   "best",
    "door",   "car",     "field",   "four",    "seen",    "later",  "party",    "public", "town",   "seem",    "open",
    "early",  "kind",    "heart",   "present", "need",    "level",  "several",  "free",   "age",    "study",   "board",
    "center", "voice",   "paper",   "book",    "road",    "above",  "figure",   "view",   "local",  "half",    "known",
    "office", "report",  "least",   "cut",     "idea",    "change", "music",    "table",  "river",  "short",   "story",
    "feet",   "five",    "cost",    "close",   "full",    "plan",   "hard",     "real",   "west",   "group",   "woman",
    "south",  "north",   "east",    "strong",  "clear",   "sound",  "question", "market", "street", "summer",  "month",
    "minute", "letter",  "color",   "garden",  "window",  "bridge", "winter",   "friend", "animal", "island",  "ocean",
    "silver", "golden",  "morning",
};

"""Synonym classes for row-wise wordings (tests, text, dates, arithmetic). Words are shared between kinds on purpose:
a wording that was held out from training is then made of words met elsewhere."""

from slm_jax.domains.excel.lexicon import lexicon

# verbs: what is done
lexicon("show", "show|return|display|write|put|give|say|output|print")
lexicon("extract", "extract|get|take|pull|grab|return|pull out|pick out")
lexicon("remove", "remove|delete|strip|drop|get rid of|take out|strip out")
lexicon("replace", "replace|change|swap|substitute")
lexicon("join", "join|combine|merge|concatenate|put together")
lexicon("convert", "convert|turn|change|transform")
lexicon("compute", "calculate|compute|work out|find|get|figure out|determine")
lexicon("check", "check|test|see|find out|determine|verify")
lexicon("flag", "flag|mark|label|tag")
lexicon("add", "add|append|attach|insert")
lexicon("display", "show|display|return|give|print|output|get|give me")

# frames: what comes before a bare verb, a noun phrase, or a test
lexicon("how_to", "how do i|how can i|how to|how would i|how do you|what formula do i use to|is there a formula to|which formula can i use to|how could i")
lexicon("what_is", "what is|what's|whats|how do i get|how can i get|how to find|what formula gives")
lexicon("need_to", "i need to|i want to|i would like to|i'd like to|i have to|i am trying to|i'm trying to|help me")
lexicon("i_need", "i need|i want|i would like|i'd like|give me|i am looking for")

# connectives
lexicon("otherwise", "otherwise|else|if not|or else")
lexicon("whether", "if|whether")
lexicon("of", "of|in|from")
lexicon("between", "between|from")

# nouns and adjectives
lexicon("first", "first|leading|leftmost|starting")
lexicon("last", "last|final|rightmost|ending")
lexicon("chars", "characters|chars|letters|characters")
lexicon("char", "character|char|letter|character")
lexicon("text", "text|string|value|entry|content")
lexicon("part", "part|text|bit|portion|piece|section|part")
lexicon("before", "before|left of|in front of|to the left of|preceding|ahead of|up to")
lexicon("after", "after|right of|following|to the right of|behind|past")
lexicon("empty", "empty|blank")
lexicon("contains", "contains|includes|has|mentions")
lexicon("contain", "contain|include|have|mention")
lexicon("different", "different|not the same|unequal")

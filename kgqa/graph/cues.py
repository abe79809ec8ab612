"""Wordings by which questions say what they want done, in English and Chinese.

In the patterns ``⟦k⟧`` stands for the k-th mention; sets of words hold stems.
"""
# ruff: noqa: E501  (a pattern is easier to check on one line)

from __future__ import annotations

import re

COUNT = re.compile(r"\bhow many\b|\b(?:what|give|tell|state).{0,12}\b(?:number|count|total) of\b|^\W*(?:the )?(?:number|count) of\b|^\W*count\b|多少(?!钱|元|毫|微|克|天|岁|度|小时|分钟|时间)(?:个|种|家|部|份|名|位|条|项|类|款)?(?!\s*[啊呢呀]?\s*[？?。！!]?\s*$)|几(?:个|种|家|部|份|名|位|条|项|类|款)|数量是", re.I)  # fmt: skip
ASK = re.compile(
    r"^\W*(?:and |so |but )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)(?:n['’]t)?\b(?!.*\bor\b.*\bor\b)|吗[?？]?\s*$"
    r"|是否|是不是|有没有|能不能|对不对|^(?:true or false)",
    re.I,
)
MAX = r"latest|newest|most recent(?:ly)?|last|longest|largest|biggest|highest|greatest|tallest|heaviest|oldest person|the most|maximum|最新|最近|最晚|最长|最大|最高|最多|最重"
MIN = r"earliest|oldest|first|shortest|smallest|lowest|least|fewest|lightest|minimum|最早|最短|最小|最低|最少|最轻"
SUPERLATIVE = re.compile(
    rf"(?P<max>\b(?:{MAX})\b|最(?:新|近|晚|长|大|高|多|重))|(?P<min>\b(?:{MIN})\b|最(?:早|短|小|低|少|轻))", re.I
)
NEGATION = re.compile(
    r"\b(?:not|n['’]t|never|no|cannot|non|neither|nor|without)\b|n['’]t\b|\bcontra-?indicat\w*|\bforb[aio]\w*|\bprohibit\w*|\bbanned\b|不|没有|非(?!常)|未|无法|禁|忌用",
    re.I,
)
OTHER = re.compile(r"\bother\b|\banother\b|\belse\b|\balso\b|\bas well\b|\btogether\b|\bco-\w+|\b\bshares?\b|\bsame\b|\bin common\b|\bbesides\b|其他|其它|另外|还|也|同一|相同|一起|共同", re.I)  # fmt: skip
DIRECT = re.compile(r"\bdirect(?:ly)?\b|\bimmediate(?:ly)?\b|直接|直属", re.I)
EXCEPT = re.compile(r"\bbut not\b|\bexcept(?: for)?\b|\bother than\b|\bexcluding\b|\bapart from\b|\band not\b|\bwithout\b|\brather than\b|但不|除了|除|不包括|而不", re.I)  # fmt: skip
OR = re.compile(r"\beither\b|\bor\b|或者|或", re.I)
BOTH = re.compile(
    r"\bboth\b|\band\b|\bas well as\b|\bin common\b|\balong with\b|\bbetween\b|和|与|以及|同时|都|共同|既|又", re.I
)
JOIN = re.compile(r"\s*(?:,?\s*\band\b(?:\s+(?:the|an?))?|和|与|及|以及|、)\s*", re.I)

KIND = r"(?:kind|type|sort|form|sub-?type|sub-?class|variant|variety|example|instance|sub-?category|case|subgroup|member)(?:e?s)?"
M = "⟦{k}⟧"
DOWN = (
    rf"\b{KIND} of (?:an? |the |any )?(?:class |category )?{M}",
    rf"\b(?:fall|come|classified|class(?:ed)?|group(?:ed)?|list(?:ed)?|belong|rang)\w* (?:directly |immediately )?(?:under|below|beneath|to|in|within|among)"
    rf" (?:the )?(?:(?:class|category|group|family|heading)(?: of)? )?{M}",
    rf"\b(?:in|of|within|under|to) the (?:class|category|group|family) (?:of )?{M}",
    rf"\b(?:{KIND}|children|child class(?:es)?|descendants?|narrower \w+)\b[^⟦]{{0,30}} (?:does|do|of|has|is|are|for|under|below) (?:the )?{M}",
    rf"{M} (?:is |are )?(?:sub)?(?:divided|split|classified) into|\binto\b.{{0,50}}{M} (?:sub)?(?:divided|split|broken)",
    rf"(?:\b(?:which|what)|哪一?(?:种|个|些|款|类)) {M}(?!\s*(?:-|law\b))|哪一?(?:种|个|些|款|类){M}",
    rf"{M}['’]?s? (?:{KIND}|children|descendants)\b(?! of)",
    rf"\b(?:below|beneath) {M}|\b(?:is|are|comes?|goes|go|sits?|lies?|directly|immediately) under {M}",
    rf"(?:哪一?(?:些|种|个|类|款)|什么|多少[种个类款]?|几[种个类款])[^⟦，,。]{{0,12}}(?<!不)属于{M}",
    rf"属于{M}的|{M}(?:有哪些|包括哪些|分为哪些|分为|的)(?:类型|亚型|子类|种类|分类|几种|哪几种|哪些(?=[？?]|\s*$|类|种))|{M}(?:可以)?分为",
)
UP = (
    rf"{M} (?:is |are )?(?:an? )?{KIND} of(?!\s*(?:an? |the )?⟦)",
    rf"\bwhat {KIND} of (?:\w+ ){{1,3}}(?:is|are|was) {M}",
    rf"\b(?:under|to|in|into|within|of) (?:which|what) (?:\w+ ){{0,3}}(?:class|category|group|type|family|heading|kind)\w*(?: of \w+)? (?:does|do|is|are|was) {M}",
    rf"\b(?:which|what) (?:\w+ ){{0,3}}(?:class|category|group|family|heading)\w*(?: of \w+)? (?:does|do|is|are|was|includes?|contains?|covers?) {M}",
    rf"\b(?:parents?|parent class(?:es)?|superclass(?:es)?|super-?type|super-?category|broader \w+|umbrella \w+|more general \w+|supergroup)\b[^⟦]{{0,25}}{M}",
    rf"{M}['’]s? (?:direct |immediate )?(?:parents?|superclass(?:es)?|broader \w+|category|class)\b",
    rf"\bwhat (?:is|are) {M} (?:classified|categori[sz]ed|classed|grouped)|\bhow (?:is|are) {M} (?:classified|categori[sz]ed|classed)",
    rf"{M}(?:是|属于)(?:什么|哪|何)(?:种|类|一类|类别|类型|一种)?|{M}的(?:上级|上位|父类|上一级)",
)
SIDE = (
    rf"\bsiblings?\b.{{0,40}}{M}|\bsisters?\b.{{0,25}}{M}|{M}['’]s siblings?",
    rf"\bshar\w+ (?:an? |the |its |their )?(?:same )?(?:direct |immediate )?(?:parent|class|category|superclass|group|family)(?: \w+)? with {M}",
    rf"\b(?:same|common) (?:direct |immediate )?(?:class|parent|category|group|level|superclass|family)(?: \w+){{0,2}} (?:as|with) {M}",
    rf"\b(?:beside|besides|next to|alongside|parallel to|on a level with|at the same level as) {M}",
    rf"(?:与|和){M}(?:同类|同属|同级|并列|同一类)",
)


DENIED = re.compile(
    r"\b(?:is|are|was|were|do|does|did)(?: not|n['’]t)\b|\b(?:ha(?:s|ve)|with) no\b|不是|没有(?!哪|什么)|不(?=受|由|适用|属于|在)",
    re.I,
)
PASSIVE = r"⟦{k}⟧[》”]?被|⟦{k}⟧ (?:was|were|is|are|has been|have been) (?:\w+ly )?\w+ed by"
BEING = re.compile(r"^(?:is|are|was|were|has been|have been) ", re.I)
PREPOSITION = re.compile(r"\w (?:in|of|by|to|on|from|under|with|for|at)$", re.I)
MEMBER = re.compile(r"^(?:is an?(?: (?:kind|type|member) of)?|belongs? to(?: .*)?|(?:member|instance) of|属于)$", re.I)

QUALIFIED = re.compile(r"⟦\d+⟧.*⟦\d+⟧")

POLITE = re.compile(
    r"^\W*(?:can|could|would|will) you (?:please )?(?!not\b)\w+|^\W*do you know\b"
    r"|^\W*.{0,6}(?:知道|记得|清楚|了解|晓得|告诉)(?!.*(?:是否|是不是|有没有|能不能|对不对)).*的[^，。？?是能会有可]{1,8}吗\W*$",
    re.I,
)

WH = re.compile(
    r"\b(who|whom|when|where|how long|how much|how|why)\b|(?P<zh>谁|什么时候|何时|哪一?天|哪一?日|哪一?年|哪里|哪儿|什么地方|怎么|如何|为什么)",
    re.I,
)

WH_ZH = {"谁": "who", "什么时候": "when", "何时": "when", "哪天": "when", "哪里": "where", "哪儿": "where", "什么地方": "where", "怎么": "how", "如何": "how", "为什么": "why"}  # fmt: skip

HEAD = re.compile(
    r"\b(?:whose|what(?:['’]s| is| are| was| were) (?:the |a )?(?:total )?(?:number|names?|count|list|kinds?|types?) of|which|what|how many|(?:number|names?|count|list) of|list|name|give me|show(?: me)?|find|enumerate|are there any|tell me)\b|哪些|哪一?(?:个|种|部|家|份|条|款|位|项|类|名|所|座|本|门|间|支|艘)|什么|多少|几个|几种",
    re.I,
)

# "哪一份" is cut into "哪" and "一份"; the measure word names nothing.
WHICH_ZH = re.compile(r"哪一?(?:个|种|部|家|份|条|款|位|项|类|名|所|座|本|门|间|支|艘|些)")

AUXILIARY_WORDS = """
is are was were do does did has have had can could will would should may might
"""
AUXILIARY = frozenset(AUXILIARY_WORDS.split())

IMPERATIVE_WORDS = """
name list count give show find state tell enumerate describe please
"""
IMPERATIVE = frozenset(IMPERATIVE_WORDS.split())

SHARED_WORDS = """
share same common togeth both other anoth also besid co jointli 相同 同一 共同 一起 其他 其它
"""
SHARED = frozenset(SHARED_WORDS.split())

TREE_WORDS = """
kind type class subclass subtyp categori group fall list direct immedi below under beneath divid classif
classifi belong sibl parent level hierarchi taxonomi form besid sister alongsid next 属于
"""
TREE = frozenset(TREE_WORDS.split())

PERSON_WORDS = """
person compani organ organis corpor firm human agent individu man woman author parti 人 人物 公司 机构 谁
"""
PERSON = frozenset(PERSON_WORDS.split())

ARTICLES = frozenset(("the", "a", "an", "some", "other", "all"))

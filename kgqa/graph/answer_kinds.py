"""Kinds of answers: what a question's words ask for, what a relation's name promises, and what a value looks like."""
# ruff: noqa: E501  (a pattern is easier to check on one line)

from __future__ import annotations

import re
from collections.abc import Set

_QUESTIONS: tuple[tuple[str, str, str], ...] = (
    # kind, cue in the question, names that relations of that kind have
    ("time", r"什么时候|什么时间|何时|几时|哪一?[年天日月]|何年|几月|几号|多会儿?|日期|时间|年份|\bwhen\b|\bwhat (?:year|date|day)\b", "时间 日期 年份 年 生于 date time year"),
    ("span", r"多久|多长时间|几年|多少年|\bhow long\b", "时间 时长 周期 期限 寿命 duration"),
    ("place", r"哪里|哪儿|什么地方|何处|在哪|哪个?(?:国家?|省|市|县|城市|地方|地区)|地点|地址|位置|产地|\bwhere\b", "地点 地址 位置 地区 产地 所在地 属于 place location"),
    ("org", r"谁|哪家|(?:哪个|什么)(?:公司|单位|机构|学校|大学|组织|部门|出版社|厂)|出版社|公司", "公司 单位 机构"),
    ("person", r"谁|哪位|什么人|何人|\bwho(?:m|se)?\b", "人 者 人物 作者 name"),
    ("age", r"多大(?!的?面积)|几岁|\bhow old\b", "年龄 大小 面积 age"),
    ("number", r"多少|几(?=[个种家部份名位条项类款层座间本册集章只台辆架枚张首次届平])|\bhow many\b|\bhow much\b", "数量 数 人数 总数 量 number count"),
    ("number", r"多少钱|什么价|\bhow much\b", "价格 售价 定价 价 票价 price"),
    ("number", r"多[高长宽重深厚远快强]|\bhow (?:tall|high|long|wide|heavy|deep|far|fast)\b", "度 量 重量 距离 height length weight"),
    ("number", r"多高", "高度 海拔 身高"),
    ("number", r"多大", "大小 面积 规模 容量 直径 size"),
    ("way", r"怎么|怎样|如何|\bhow\b", "方法 方式 做法 用法 写法 读音 method"),
    ("reason", r"为什么|为何|因为什么|怎么会|\bwhy\b", "原因 由来 起因 cause reason"),
    ("name", r"叫什么|叫啥|名字|称呼|又叫|别称|别名|\bcalled\b|\bname\b", "名称 名 别名 别称 姓名 名字 全称 又称 name"),
    ("meaning", r"什么意思|解释|含义|意思", "解释 释义 含义 意思 定义 meaning"),
    ("use", r"用处|用途|做什么用|干什么用|有什么用|作用", "用途 作用 功能 用于 use"),
    ("kind", r"什么[类种]|哪[一]?[类种]|属于什么|类型", "类型 种类 类别 分类 性质 type kind"),
    ("job", r"做什么的|干什么的|什么工作|职位", "职业 职务 职位 工作 现任 occupation"),
    ("", r"吃", "食物 食性 饮食 主食"),
    ("", r"位于|坐落|在(?:哪|什么)", "坐标 位置 坐落 地理位置 地址"),
    ("", r"治疗?|治什么", "适应症 主治 功效 治疗"),
    ("", r"工作|效力|任职", "职业 任职 效力 单位 任职单位 工作单位"),
    ("", r"毕业|就读|读的", "毕业院校 母校 学校 大学"),
    ("", r"来自|来源|出自", "出处 来源 籍贯 国籍 出自 典源"),
    ("", r"叫做|被称|称为|称作|俗称", "别称 通称 又称 俗称 别名 称号"),
    ("", r"讲的?|讲述|关于|内容", "内容 主题 题材 简介"),
    ("", r"出生|生日|诞生", "生于 出生地 出生日期 出生时间 生日 诞生"),
    ("", r"去世|逝世|死于|离世|过世", "卒于 逝世 去世 逝世日期 死亡"),
    ("", r"写的|谁写|创作|作者", "作者 著者 作词 编剧 创作"),
    ("", r"执导|导的|拍的", "导演 制片 出品"),
    ("", r"主演|演的|出演|扮演", "主演 演员 饰演 扮演者"),
    ("", r"唱", "歌手 演唱 演唱者 原唱"),
    ("", r"生产|制造|哪家公司|哪个公司|厂", "厂商 生产商 制造商 产地 生产厂家 公司"),
    ("", r"开发|研发|研制", "开发商 开发者 研发 研制"),
    ("", r"总经理|老板|CEO|一把手|负责人|掌门", "首席执行官 总裁 董事长 总经理 负责人 法人代表 创始人"),
    ("", r"味道|口味", "口感 口味 味道"),
    ("", r"盛产|特产|种(?:植|什么)", "特产 农作物 资源 物产 作物"),
    ("", r"举[行办]|召开|开幕", "举办时间 举办地点 会期 时间 地点 举行"),
    ("", r"上映|播出|开播|首播", "上映时间 上映日期 首播时间 播出时间 开播"),
    ("", r"出版|发行|发表", "出版时间 出版社 发行时间 发行商 出版日期"),
    ("", r"成立|建立|创建|创办|创立|建成", "成立时间 成立日期 创办时间 创建时间 创始人 建成时间"),
    ("", r"实[行施]|施行|生效", "施行日期 实施时间 生效日期 实施日期"),
    ("", r"属于|归属|隶属|归谁", "所属 隶属 类别 归属 主管部门"),
    ("", r"国家|哪国", "国籍 国家 所属国家 产地"),
    ("", r"结婚|老婆|太太|妻子", "配偶 妻子"),
    ("", r"老公|丈夫", "配偶 丈夫"),
    ("", r"爸", "父亲"),
    ("", r"妈", "母亲"),
    ("", r"孩子", "子女 儿子 女儿"),
    ("", r"读(?!的)|念|发音", "拼音 读音 注音"),
    ("", r"英文|外语|外文", "外文名 英文名 英文名称"),
    ("", r"住在?", "住址 居住地 现居 居所"),
    ("", r"擅长|拿手", "专长 特长 擅长"),
    ("", r"喜欢", "爱好 兴趣"),
    ("language", r"什么语言|哪种语言|哪国话|\blanguage", "语言 语种 language"),
)  # fmt: skip
_CUES = tuple((kind, re.compile(cue, re.I), tuple(names.split())) for kind, cue, names in _QUESTIONS)
_LABELS: tuple[tuple[str, str], ...] = (
    ("time", r"(?:时间|日期|年份|年代|时期|年|日|生于|卒于|date|time|year)$|生日|时间"),
    ("span", r"(?:时长|周期|期限|寿命|片长|学制|工期|duration)$"),
    ("org", r"(?:社|公司|商|厂|厂家|机构|单位|学校|大学|院校|部门|集团|组织|company|publisher|school)$"),
    ("place", r"(?:地点|地址|位置|地区|产地|地|国家|国籍|省份|城市|坐标|区域|籍贯|场所|place|location|address|country)$|所在|位于"),
    ("person", r"(?:人|者|员|师|家|长|父亲|母亲|丈夫|妻子|配偶|导演|编剧|主演|姓名|教练|老板|总裁|董事|经理|歌手|作词|作曲|词|曲|author|director|writer|actors?|person)$|创始|代表|主席|领导"),
    ("number", r"(?:数|数量|量|率|额|度|值|价|价格|面积|重量|高度|长度|宽度|直径|速度|人口|人数|字数|页数|身高|体重|年龄|距离|总长|比例|number|count|price|rating|size)$"),
    ("way", r"(?:方法|方式|做法|工艺|写法|用法|method)$"),
    ("reason", r"(?:原因|由来|起因|reason|cause)$"),
    ("name", r"(?:名|名称|名字|称|称号|拼音|译|叫|name)$"),
)  # fmt: skip
_LABEL_CUES = tuple((kind, re.compile(cue, re.I)) for kind, cue in _LABELS)
_SURNAME = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_VALUES: tuple[tuple[str, str], ...] = (
    ("time", r"\d{3,4}\s*[年\-./—–~至]|\d{1,2}月\d{1,2}日|^\d{4}$|世纪|朝"),
    ("number", r"^\W*(?:约|大约|近|超过)?\s*\d[\d.,]*"),
    ("person", rf"^[{_SURNAME}][\u4e00-\u9fff]{{1,2}}(?=$|[、，,；; （(])|^[\u4e00-\u9fffA-Za-z]+·[\u4e00-\u9fffA-Za-z·]+$"),
    ("place", r"(?:省|市|县|区|镇|乡|村|路|国|州|岛|街|洲)$|^中国|^(?:北京|上海|天津|重庆|香港|台湾|美国|日本|英国|法国|德国|韩国)"),
    ("span", r"^\W*约?\d[\d.]*\s*(?:年|天|个月|分钟|小时|秒|周)$"),
)  # fmt: skip
_VALUE_CUES = tuple((kind, re.compile(cue)) for kind, cue in _VALUES)
_ABOUT = frozenset({"time", "span", "place", "person", "org", "number"})
"""Kinds that a value shows by its form."""


def kinds_of_question(text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the kinds of answers that a question's words ask for, and names that such relations have."""
    found = [(kind, names) for kind, cue, names in _CUES if cue.search(text)]
    kinds = {kind if kind != "age" else "number" for kind, _ in found}
    if "person" in kinds and re.search(r"谁(?:能|知道|可以|记得|清楚|了解|晓得)|有谁", text):
        rest = re.sub(r"谁(?:能|知道|可以|记得|清楚|了解|晓得)|有谁", "", text)
        kinds -= set() if re.search(r"谁|什么人|哪位", rest) else {"person", "org"}
    kinds &= _ABOUT
    extra = (name for _, names in found for name in names)
    return frozenset(kinds), tuple(name for name in extra if not _apart(kinds, kinds_of_label(name)))


def _apart(one: Set[str], other: Set[str]) -> bool:
    return bool(one and other) and not one & other


_NOUN = re.compile(
    r"(?:的|之)(?P<noun>[^⟦的，,。？?！!、]{1,12}?)(?=是|为|有|叫|在|都|多|几|哪|什么|怎|如|应|吗|呢|啊|呀|吧|谁|[？?。！!]|$)"
)
LOOSE = frozenset("日期时间年份月地点址位置名称字数量人者度大小类型种具体主要情况信息方式法的所在一个最新现任当前目全")
"""Characters that name a kind of value rather than a relation."""
_TURNED = frozenset("副非不无反未禁前原")


def noun_of(text: str) -> str:
    """Return the noun that a question asks for behind its mention ("⟦0⟧的*导演*是谁"), empty where it has none."""
    nouns: list[str] = _NOUN.findall(text[text.find("⟧") + 1 :])
    return nouns[-1] if nouns else ""


def beyond(noun: str, label: str) -> float:
    """Return how much of an asked noun a relation's name leaves out, 0 to 1; a prefix that turns it ("*副*作用") counts twice."""
    missing = [char for char in noun if char not in label and char not in LOOSE]
    at = noun.find(label)
    turned = at > 0 and noun[at - 1] in _TURNED
    return 2.0 if turned else min(1.0, len(missing) / 1.5)


def spoken_for(text: str) -> str:
    """Return a question without the words that only tell the kind of answer."""
    for kind, cue, _ in _CUES:
        if not kind:
            continue
        text = cue.sub(" ", text)
    return text


def kinds_of_label(label: str) -> frozenset[str]:
    """Return the kinds of values that a relation's name promises."""
    return frozenset(kind for kind, cue in _LABEL_CUES if cue.search(label)) & _ABOUT


def kinds_of_value(value: str) -> frozenset[str]:
    """Return the kinds that a value may be of by its form."""
    return frozenset(kind for kind, cue in _VALUE_CUES if cue.search(value[:200]))

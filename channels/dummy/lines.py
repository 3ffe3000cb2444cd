"""What the people of a demonstration say."""

NAMES = (
    ("Ana Ruiz", "en"),
    ("Bernd Ott", "en"),
    ("Li Wei", "zh-CN"),
    ("Grace Kim", "en"),
    ("Omar Haddad", "en"),
    ("Chen Jing", "zh-CN"),
    ("Ivy Clarke", "en"),
    ("Pavel Novak", "en"),
    ("Zhang Min", "zh-CN"),
    ("Sofia Rossi", "en"),
    ("Kofi Mensah", "en"),
    ("Emma Larsen", "en"),
)

FIRST = {
    ("en", "other"): (
        "Hello, where is my parcel? It should have been here on Monday.",
        "Hi, can I change the address of my order?",
        "Good morning, do you have this lamp in green as well?",
        "The handle of my new bag came off today. What can we do?",
    ),
    ("en", "billing"): (
        "I was charged twice for invoice 4711.",
        "Could you send me a copy of last month's invoice?",
        "When will I get my refund?",
    ),
    ("zh-CN", "other"): ("您好，我的包裹到哪里了？", "请问这款灯有绿色的吗？"),
    ("zh-CN", "billing"): ("您好，4711 号发票重复扣款了。", "请问退款什么时候到账？"),
}

MORE = {
    "en": ("It is order 88213.", "Yes, that is right.", "Could you look again, please?", "I see."),
    "zh-CN": ("订单号是 88213。", "对，没错。", "麻烦您再看一下。", "明白了。"),
}

THANKS = {"en": "Thank you very much, that helps.", "zh-CN": "非常感谢，问题解决了。"}

ANSWERS = {
    "en": (
        "Good morning! I am looking it up.",
        "May I have the number of your order?",
        "I see it here. One moment, please.",
        "Done: you will get a message when it is on its way.",
    ),
    "zh-CN": (
        "您好！我帮您查一下。",
        "请问您的订单号是多少？",
        "查到了，请稍等。",
        "已经处理好了。",
    ),
}

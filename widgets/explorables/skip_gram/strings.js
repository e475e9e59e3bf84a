// What the explorable says, in both languages. Keys are the same; a test compares them.
const TEXT = {
  en: `the cat sleeps on the sofa
the cat chases a mouse
my cat drinks milk
the cat runs in the garden
we feed the cat
the dog sleeps on the sofa
the dog chases a ball
my dog drinks water
the dog runs in the garden
we feed the dog
we pour hot tea into a cup
a cup of tea is warm
she stirs sugar into her tea
we pour hot coffee into a cup
a cup of coffee is warm
she stirs sugar into her coffee
we pour hot wug into a cup
a cup of wug is warm`,
  zh: `猫 在 沙发 上 睡觉
猫 追 老鼠
小 猫 喝 牛奶
猫 在 花园 里 跑
我们 喂 猫
狗 在 沙发 上 睡觉
狗 追 皮球
小 狗 喝 清水
狗 在 花园 里 跑
我们 喂 狗
把 热 茶 倒进 杯子
一 杯 茶 很 香
她 在 茶 里 加 糖
把 热 咖啡 倒进 杯子
一 杯 咖啡 很 香
她 在 咖啡 里 加 糖
把 热 啵噜 倒进 杯子
一 杯 啵噜 很 香`,
};

export const strings = {
  en: {
    title: "Skip-gram: a word by its company",
    text: TEXT.en,
    stranger: "wug",
    friends: "cat dog",
    question:
      "Nobody has told this model what a “{stranger}” is. It sees only which words stand beside it. What would make it an animal?",
    goal: "Rewrite the sentences of “{stranger}” so that its nearest word is {friends}, without ever letting them stand in one window.",
    goalReached:
      "Reached: the nearest to “{stranger}” is now “{nearest}”, and the two have never stood in one window.",
    or: " or ",
    and: ", ",
    word: "Word shown",
    textLabel: "The text, one sentence a line: change it",
    window: "Window",
    negatives: "Negatives",
    rate: "Learning rate",
    dimension: "Dimension",
    sample: "Sub-sampling threshold",
    seed: "Another start",
    counts: "{total} words, {different} different, {pairs} pairs",
    map: "Directions of the words in their widest plane",
    mapNow:
      "After {epoch} epochs, {words} words in the plane that keeps {share} % of the variance. Nearest to {word}: {nearest}.",
    chart: "Loss over the epochs",
    chartNow: "Loss over {epochs} epochs, from {first} to {last}.",
    epochAxis: "epoch",
    lossAxis: "loss of a pair",
    neighbours: "Nearest to “{word}”, by cosine",
    company: "Company of “{word}” within the window",
    alone: "none: it stands alone",
    never: "never met",
    times: "× {count}",
    training: "Training: epoch {epoch} of {epochs}.",
    summary:
      "After {epoch} epochs a pair costs {loss} on average, {first} before the first. Nearest to “{word}”: {nearest}.",
    atDrinks: "“{stranger}” keeps the company of {nearest}, so it lands there. Give it other company.",
    meets:
      "“{stranger}” and “{friend}” now stand in one window. Near they may be, but the goal asks for more: never together.",
    missing: "The text no longer has “{stranger}”, or neither {friends}.",
    aha: "They never met. What they share is company: {shared}. To predict the same words, two vectors have to point the same way.",
    thin: "Not yet: in one or two sentences it shares as much with the words beside it. One sentence more?",
    cramped:
      "There is no room: with {dimension} numbers a word almost all cosines come near to 1. More dimensions tell company from neighbours.",
    beside: "“{stranger}” lies near to words that stand beside it: they, too, keep its company.",
    noPairs: "No word has a neighbour: nothing can be learned. Put two words into one sentence.",
    start: "Before the first epoch the vectors are random and tiny: whoever is nearest is so by chance.",
    diverged: "The vectors have grown beyond all bounds: the learning rate is too large.",
    fewWords: "The text needs at least two different words.",
    longText: "The text has {given} words; at most {allowed} are trained here.",
    manyWords: "The text has {given} different words; at most {allowed} are trained here.",
    "argument text": "The text",
    "argument window": "The window",
    "argument negatives": "The number of negatives",
    "argument dimension": "The dimension",
    "argument learning_rate": "The learning rate",
    "argument sample": "The threshold",
    "argument seed": "The seed",
    "argument epochs": "The number of epochs",
    "allowed text": "a text",
  },
  zh: {
    title: "Skip-gram：观其伴，知其词",
    text: TEXT.zh,
    stranger: "啵噜",
    friends: "猫 狗",
    question: "没有人告诉模型“{stranger}”是什么，它只看得到哪些词站在旁边。怎样才能让它变成一种动物？",
    goal: "改写含“{stranger}”的句子，使离它最近的词是{friends}，但绝不让它们出现在同一个窗口里。",
    goalReached: "达到目标：离“{stranger}”最近的词是“{nearest}”，而两者从未出现在同一个窗口里。",
    or: "或",
    and: "、",
    word: "显示的词",
    textLabel: "文本，每行一句：请修改",
    window: "窗口",
    negatives: "负样本数",
    rate: "学习率",
    dimension: "维数",
    sample: "下采样阈值",
    seed: "换一个初值",
    counts: "共 {total} 个词，{different} 个不同的词，{pairs} 个词对",
    map: "各词的方向，投影到方差最大的平面",
    mapNow: "{epoch} 轮之后，{words} 个词投影到保留 {share}% 方差的平面上。离{word}最近的是：{nearest}。",
    chart: "各轮的损失",
    chartNow: "{epochs} 轮中的损失，从 {first} 到 {last}。",
    epochAxis: "轮",
    lossAxis: "每个词对的损失",
    neighbours: "离“{word}”最近的词（余弦）",
    company: "“{word}”在窗口内的同伴",
    alone: "没有：它独自一个",
    never: "从未相遇",
    times: "× {count}",
    training: "正在训练：第 {epoch} 轮，共 {epochs} 轮。",
    summary:
      "{epoch} 轮之后，每个词对的平均损失为 {loss}，训练之前为 {first}。离“{word}”最近的是：{nearest}。",
    atDrinks: "“{stranger}”的同伴与{nearest}的相同，于是落在它们旁边。给它换一换同伴。",
    meets:
      "“{stranger}”和“{friend}”现在出现在同一个窗口里了。它们也许离得近，但目标的要求更高：绝不同时出现。",
    missing: "文本里已经没有“{stranger}”，或者没有{friends}了。",
    aha: "它们从未相遇，共有的只是同伴：{shared}。要预测同样的词，两个向量就必须指向同一个方向。",
    thin: "还差一点：只有一两句话时，它与句中其他词共有的同伴一样多。再加一句？",
    cramped: "太挤了：每个词只有 {dimension} 个数，几乎所有的余弦都接近 1。维数多一些，才分得清同伴与近邻。",
    beside: "“{stranger}”离站在它旁边的词很近：它们的同伴也差不多。",
    noPairs: "没有一个词有邻居，什么也学不到。请在一句里写上两个词。",
    start: "第一轮之前，向量又小又随机：谁离得最近，全凭运气。",
    diverged: "向量已经无限增大：学习率太大了。",
    fewWords: "文本至少要有两个不同的词。",
    longText: "文本有 {given} 个词；这里最多训练 {allowed} 个。",
    manyWords: "文本有 {given} 个不同的词；这里最多训练 {allowed} 个。",
    "argument text": "文本",
    "argument window": "窗口",
    "argument negatives": "负样本数",
    "argument dimension": "维数",
    "argument learning_rate": "学习率",
    "argument sample": "阈值",
    "argument seed": "种子",
    "argument epochs": "轮数",
    "allowed text": "文本",
  },
};

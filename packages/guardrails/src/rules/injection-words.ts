import { list } from './word-list.js';

/** Words of attempts to set instructions aside, by what they stand for; English and the languages seen most in published attacks. */
export const words = {
  ignore: list(`
    ignore ignoring disregard disregarding forget forgetting override overriding bypass bypassing neglect discard circumvent violate
    abandon dismiss ignora ignorar ignoren olvida olvidar olvide olvidate descarta omite esqueca esquece esquecer desconsidere
    desconsidera descarte dimentica dimenticare ignorare ignorate trascura ignorez ignorer oublie oubliez oublier ignoriere ignorier
    ignorieren vergiss vergesse vergessen missachte missachten umgehe negeer vergeet zignoruj ignoruj zapomnij игнорируи*
    проигнорируи* игнорируй* проигнорируй* забудь* отбрось* yoksay gormezden unut 忽略 无视 無視 忘记 忘掉 忘れ 무시 잊어 تجاهل انس अनदेखा भूल
  `),
  earlier: list(`
    previous prior above earlier preceding foregoing aforementioned past former before original initial existing anterior anteriores
    previas previos previa previo precedentes precedente precedenti precedents precedent anteriori iniciales iniciais iniziali
    initiales vorherigen vorherige vorigen bisherigen bisherige obigen fruheren vorangegangenen eerdere vorige poprzednie poprzednich
    wczesniejsze предыдущ* прежн* предшествующ* onceki yukaridaki 之前 以前 先前 上面 以上 前面 前の これまで 이전 앞선 السابقة السابق पिछले पिछली 上述
  `),
  all: list(`
    all any every your the those these system todas todos toda tus sus tutte tutti le tue toutes tous tes vos alle deine deiner ihre
    suas teus wszystkie wszystkich все всех свои tum butun 所有 全部 一切 すべて 全て 모든 جميع كل सभी
  `),
  instructions: list(`
    instruction instructions instruct prompt prompts rule rules guideline guidelines guidance direction directions directive
    directives command commands programming training constraint constraints restriction restrictions limitation limitations policy
    policies filter filters safeguard* safety ethics guardrail* orders told persona alignment instruccion instrucciones regla reglas
    norma normas directrices restricciones indicaciones ordenes instrucao instrucoes regras diretrizes restricoes istruzione
    istruzioni regole regola direttive restrizioni indicazioni consigne consignes regles regle anweisung anweisungen regeln regel
    vorgaben richtlinien instruktionen befehle einschrankungen instructies regels opdrachten instrukcje instrukcji polecenia zasady
    инструкци* указани* правил* ограничени* команд* talimat* kural* 指令 指示 说明 規則 规则 提示 约束 限制 ルール 命令 プロンプト 지시 규칙 명령 프롬프트 التعليمات
    تعليمات القواعد निर्देश* नियम* 設定
  `),
  reveal: list(`
    reveal show print repeat output display disclose leak dump expose recite share echo reproduce paste quote summarize translate tell
    give list write return muestra muestrame revela revelame repite imprime dime mostra mostre revele repita imprima diga mostrami
    rivela ripeti stampa dimmi montre affiche affichez revelez repete repetez donne zeige zeig gib wiederhole nenne verrate drucke
    toon herhaal pokaz ujawnij powtorz покажи* выведи* раскрои* раскрой* повтори* напечатаи* напечатай* скажи* goster yazdir tekrarla
    显示 输出 打印 透露 告诉 重复 公开 表示 出力 教えて 見せて 繰り返 보여 출력 알려 공개 اعرض اكشف اطبع दिखाओ बताओ
  `),
  secretPrompt: list(`
    system initial hidden secret original internal developer starting base pre confidential core full exact verbatim entire sistema
    oculto oculta ocultas secreto secretas nascosto nascoste interno systeme cache cachees secretes initiales systemprompt
    systemanweisung* geheim* versteckt* ursprunglich* systemowy systemowe системн* скрыт* секретн* исходн* sistem gizli 系统 系統 隐藏 秘密 初始
    システム 시스템 숨겨진 النظام सिस्टम 内部
  `),
  systemPrompt: list(`
    systemprompt sysprompt metaprompt preprompt
  `),
  above: list(`
    above before preceding previously earlier verbatim
  `),
  text: list(`
    text words everything message messages content conversation context lines sentence sentences
  `),
  your: list(`
    your you tu tus su sus ton tes votre vos dein deine deinen ihr ihren tuo tue seu seus suas twoj twoje сво* тво* senin 你的 您的 あなたの
    너의 당신의 你
  `),
  without: list(`
    without no zero free none sin sem senza sans ohne keine bez без 没有 沒有 不受 なし 없이 بدون बिना nothing unbound lacks any not
  `),
  limits: list(`
    restriction restrictions restricted filter filters filtering limitations limits censorship censored ethical ethics moral morals
    morality guidelines guardrail* safeguard* boundaries rules restricciones filtros limites censura etica restricoes restrizioni
    filtri filtres limite censure einschrankungen zensur beschrankungen ethik regeln ograniczen filtrow ограничени* фильтр* цензур*
    kisitlama* sinir* 限制 约束 道德 过滤 制限 フィルター 제한 필터 قيود प्रतिबंध*
  `),
  act: list(`
    act pretend roleplay simulate become imagine behave respond answer operate are be imitate emulate play role acting actua finge
    comportate aja finja agisci fingi agis agissez fais tu verhalte spiele bist stell udawaj zachowuj деиствуи* притворись* представь*
    веди davran 扮演 假装 充当 你是 ふり 演じ 역할 행동 تصرف अभिनय
  `),
  unbound: list(`
    unrestricted unfiltered uncensored unlimited unethical amoral jailbroken unbound unchained limitless evil rogue immoral unaligned
    malicious irrestricta irrestricto ilimitada ilimitado unzensiert* uneingeschrankt* illimite debride senzalimiti неограниченн*
    sinirsiz 不受限制 无限制 邪恶 無制限 무제한
  `),
  assistant: list(`
    ai assistant model chatbot bot gpt chatgpt claude llm ia asistente assistente ki assistent persona character entity being machine
    hacker version ии yapay 人工智能 助手 アシスタント 인공지능 alter twin
  `),
  mode: list(`
    mode modo modus modalita режим* modu 模式 モード 모드 tryb وضع
  `),
  privileged: list(`
    developer debug dan god sudo root admin jailbreak unrestricted maintenance override unlocked desarrollador desenvolvedor
    sviluppatore developpeur entwickler разработчик* gelistirici 开发者 开发 管理员 開発者 개발자 المطور entwicklermodus opposite diagnostic
    supervisor superuser
  `),
  enable: list(`
    enter enable enabled activate activated switch engage now into in activa activar ative attiva active activez aktiviere wechsle
    включи* активируи* активируй* 进入 启用 激活 切换 有効 활성화 etkinlestir start on
  `),
  instead: list(`
    instead new following only now henceforth nuevas nuevo novas nuove nouvelles neue neuen новые новым yeni 新的 新 새로운 代わり
  `),
  follow: list(`
    follow obey comply execute adhere sigue obedece siga obedeca segui obbedisci suis suivez obeis befolge folge следуи* следуй*
    выполни* uy 遵循 执行 服从 従 따라 नियम
  `),
};

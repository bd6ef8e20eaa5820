import { list } from './word-list.js';

/** Words of attempts to set instructions aside, by meaning; English and the most frequent languages of published attacks. */
export const words = {
  ignore: list(`
    無視して 無視しろ 忘れて 忘れろ 무시해 무시하고 무시하라 잊어라 ignore ignoring disregard disregarding forget forgetting override overriding bypass bypassing neglect discard circumvent
    violate abandon dismiss ignora ignorar ignoren olvida olvidar olvide olvidate descarta omite esqueca esquece esquecer
    desconsidere desconsidera descarte dimentica dimenticare ignorare ignorate trascura ignorez ignorer oublie oubliez oublier
    ignoriere ignorier ignorieren vergiss vergesse vergessen missachte missachten umgehe negeer vergeet zignoruj ignoruj
    zapomnij игнорируи* проигнорируи* игнорируй* проигнорируй* забудь* отбрось* yoksay gormezden unut 忽略 无视 無視 忘记 忘掉 忘れ 무시 잊어
    تجاهل انس अनदेखा भूल negeren ignorera glom glomma zapomen ignorovat ignoruite pomin pominac abaikan lupakan hiraukan quen
    ігноруи* проігноруи* знехтуи* αγνοησε αγνοησετε αγνοησ* ξεχνα ξεχασε ξεχαστε glem unohda uita hagyd felejtsd aldir 不理 别管 抛开
    不管 忘了 忘却 잊고 잊어버려 무시하 انسى اهمل أهمل تجاهلي नजरअंदाज ignoriert ignoreer oubliant
  `),
  earlier: list(`
    previous prior above earlier preceding foregoing aforementioned past former before original initial existing anterior
    anteriores previas previos previa previo precedentes precedente precedenti precedents precedent anteriori iniciales iniciais
    iniziali initiales vorherigen vorherige vorigen bisherigen bisherige obigen fruheren vorangegangenen eerdere vorige
    poprzednie poprzednich wczesniejsze предыдущ* прежн* предшествующ* onceki yukaridaki 之前 以前 先前 上面 以上 前面 前の これまで 이전 앞선 السابقة
    السابق पिछले पिछली 上述 tidigare predchozi drivejsi puvodni sebelumnya sebelum truoc попередн* прежд* выше вище προηγουμεν*
    προηγουμενες εως onceden bundan 今まで これより いままで 最初 当初 기존 지금까지 최초 السالفة أعلاه ci-dessus dessus arriba acima sopra
    bovenstaande powyzsze powyzszych oben aikaisemmat anterioare korabbi ovan nahore vyse पहले अब
  `),
  all: list(`
    all any every your the those these system todas todos toda tus sus tutte tutti le tue toutes tous tes vos alle deine deiner
    ihre suas teus wszystkie wszystkich все всех свои tum butun 所有 全部 一切 すべて 全て 모든 جميع كل सभी alla vsechny veskere wszystko
    semua seluruh segala moi tat усі всі ολες ολους ολα dina ditt tvoje tve onun senin 모두 전부 모조리 所有的 あらゆる कुल सब kaikki toate
    osszes
  `),
  instructions: list(`
    instruction instructions instruct prompt prompts rule rules guideline guidelines guidance direction directions directive
    directives command commands programming training constraint constraints restriction restrictions limitation limitations
    policy policies filter filters safeguard* safety ethics guardrail* orders told persona alignment instruccion instrucciones
    regla reglas norma normas directrices restricciones indicaciones ordenes instrucao instrucoes regras diretrizes restricoes
    istruzione istruzioni regole regola direttive restrizioni indicazioni consigne consignes regles regle anweisung anweisungen
    regeln regel vorgaben richtlinien instruktionen befehle einschrankungen instructies regels opdrachten instrukcje instrukcji
    polecenia zasady инструкци* указани* правил* ограничени* команд* talimat* kural* 指令 指示 说明 規則 规则 提示 约束 限制 ルール 命令 プロンプト 지시 규칙
    명령 프롬프트 التعليمات تعليمات القواعد निर्देश* नियम* 設定 instruktioner instruktionerna regler reglerna anvisningar pokyny pokynu
    pravidla pravidel instrukce zasadach zasad polecen polecenie instruksi aturan perintah petunjuk batasan huong lenh quy
    інструкці* вказівк* обмежен* наказ* указивк* οδηγιες οδηγιων κανονες κανονων εντολες instrukcjach wytyczne wytycznych
    voorschriften vorschriften richtlijnen prescrizioni disposizioni limiti criteria rubric mandates mandate 要求 规定 指引 设定 提示词 守则
    规矩 指針 決まり ガイドライン 지침 설정 원칙 गाइडलाइन आदेश أوامر الأوامر القيود قواعد توجيهات التوجيهات سياسات lineamientos linee orientacoes
    vincoli contraintes ohjeet saannot regulile instructiunile utasitas* directivas
  `),
  reveal: list(`
    type reveal show print repeat output display disclose leak dump expose recite share echo reproduce paste quote summarize
    translate tell give list write return muestra muestrame revela revelame repite imprime dime mostra mostre revele repita
    imprima diga mostrami rivela ripeti stampa dimmi montre affiche affichez revelez repete repetez donne zeige zeig gib
    wiederhole nenne verrate drucke toon herhaal pokaz ujawnij powtorz покажи* выведи* раскрои* раскрой* повтори* напечатаи*
    напечатай* скажи* goster yazdir tekrarla 显示 输出 打印 透露 告诉 重复 公开 表示 出力 教えて 見せて 繰り返 보여 출력 알려 공개 اعرض اكشف اطبع दिखाओ बताओ
    explain spell include send see visa skriv ange ukaz vypis zopakuj zobraz tampilkan tunjukkan ulangi sebutkan cetak hien laat
    geef покажіть виведи* розкрии* δειξε δειξτε πες αποκαλυψε επαναλαβε wyswietl podaj napisz wypisz показ* goruntule ver acikla
    paylas soyle 展示 告知 列出 复述 说出 給出 给出 表示して 書いて 出して 述べて 명시 말해 적어 써줘 अपने दिखा लिखो कहो أخبرني أظهر كرر أعطني اكتب vis kerro arata
    mutasd tutki devoile recopie copie copiez reproduis ecris escribe copia transcribe transcreva trascrivi enumera elenca
    offenbare kopiere kopieer onthul schrijf wat kopiuj
  `),
  secretPrompt: list(`
    system initial hidden secret original internal developer starting base pre confidential core full exact verbatim entire
    sistema oculto oculta ocultas secreto secretas nascosto nascoste interno systeme cache cachees secretes initiales
    systemprompt systemanweisung* geheim* versteckt* ursprunglich* systemowy systemowe системн* скрыт* секретн* исходн* sistem
    gizli 系统 系統 隐藏 秘密 初始 システム 시스템 숨겨진 النظام सिस्टम 内部 systemprompten inicial iniciais iniciale iniziale internas ukryte
    wewnetrzne прихован* початков* pocatecni skryte gizlenen tersembunyi rahasia awal ban συστηματος κρυφες dold dolda interna
    verborgen geheime 隐秘 最初 당신 初期 내부 المخفية السرية पूरा गुप्त छिपे initialen anfangs
  `),
  systemPrompt: list(`
    systemprompt sysprompt metaprompt preprompt systeemprompt* systemprompt* systemnachricht* systemvorgabe* systempromp*
    systemanweisung* 系统提示 系统提示词 系统指令 系統提示 システムプロンプト システム指示 시스템프롬프트
  `),
  above: list(`
    above before preceding previously earlier verbatim
  `),
  text: list(`
    text words everything message messages content conversation context lines sentence sentences prompt
  `),
  your: list(`
    тебя тебе вас ti je sana σου kamu anda your you tu tus su sus ton tes votre vos dein deine deinen ihr ihren tuo tue seu seus suas twoj twoje сво* тво* senin 你的 您的
    あなたの 너의 당신의 你 je jouw uw tvuj svuj sve tvoje ditt din dina euer твои твоі сві* твою σου अपना अपने अपनी तुम्हारा
    तुम्हारे आपके आपका kamu anda ban swoj swoje swoich sistemin 你們 你们 あなた 君の 너 네 당신 الخاص بك لديك onun own its
  `),
  without: list(`
    without no zero free none sin sem senza sans ohne keine bez без 没有 沒有 不受 なし 없이 بدون बिना nothing unbound lacks any not
    unencumbered zonder geen zadn* zadne zadnych bezadnych utan tanpa khong жодн* жодних никаких hicbir olmayan olmaksizin
    olmadan niente nessun nessuna ningun ninguna nenhum nenhuma aucun aucune keinerlei keinen jede jeglich* jeglichen inga
    ninguno niciun χωρις 不带 不加 没 毫无 無視して 無しで なく 없는 없다 없어 ない 不 नहीं दूर بغير لا ilman fara nelkul
  `),
  limits: list(`
    restriction restrictions restricted filter filters filtering limitations limits censorship censored ethical ethics moral
    morals morality guidelines guardrail* safeguard* boundaries rules restricciones filtros limites censura etica restricoes
    restrizioni filtri filtres limite censure einschrankungen zensur beschrankungen ethik regeln ograniczen filtrow ограничени*
    фильтр* цензур* kisitlama* sinir* 限制 约束 道德 过滤 制限 フィルター 제한 필터 قيود प्रतिबंध* beperking* beperkingen filtra filtru
    ograniczenia zabran cenzury cenzura censuur censur begransning* regels limieten omezeni pravidel regler batasan aturan
    sensor gioi han обмежен* правил* цензури фільтр* etik ahlak kural* kurali filtre filtresi sansur περιορισμ* κανονες φιλτρα
    λογοκρισια restricao regras reglas limitaciones limitacoes limiti regole morale moraux laws law legality taboos inhibitions
    inhibition shackles 审查 审核 规则 道德约束 底线 安全过滤 検閲 倫理 ルール 規制 검열 윤리 필터링 규칙 نظام القيود رقابة नियम सीमा सीमाओं rajoituksia
    restrictii korlat*
  `),
  act: list(`
    act pretend roleplay simulate become imagine behave respond answer operate are be imitate emulate play role acting actua
    finge comportate aja finja agisci fingi agis agissez fais tu verhalte spiele bist stell udawaj zachowuj деиствуи*
    притворись* представь* веди davran 扮演 假装 充当 你是 ふり 演じ 역할 행동 تصرف अभिनय doe gedraag lat latsas agera lattsas predstirej chovej
    tvar hraj berpura bertindak jadilah gia hay вдаваи* уяви* дии* поводься προσποιησου φερσου κανε fai fa faz haz wciel tue ol
    rolunu numara konus speak assume take 假设 假裝 想象 成为 扮作 装作 として なりきって 振る舞 想像 인척 척 연기 가정 मान मानो बनो नाटक العب تظاهر كن مثل
    esiinny prefa tegyel
  `),
  unbound: list(`
    unrestricted unfiltered uncensored unlimited unethical amoral jailbroken unbound unchained limitless evil rogue immoral
    unaligned malicious irrestricta irrestricto ilimitada ilimitado unzensiert* uneingeschrankt* illimite debride senzalimiti
    неограниченн* sinirsiz 不受限制 无限制 邪恶 無制限 무제한 unmoderated unrestrained lawless zensurfrei onbeperkt ongefilterd ongecensureerd
    nieograniczon* nieocenzurowan* необмежен* ocensurerad ofiltrerad neomezen* necenzurovan* disinibit* sfrenat*
    illimitata illimitato 无审查 无过滤 无底线 無検閲 無修正 무검열 मुक्त irrestrita debridee
  `),
  assistant: list(`
    un'ia l'ia d'ia all'ia dell'ia     ai assistant model chatbot bot gpt chatgpt claude llm ia asistente assistente ki assistent persona character entity being
    machine hacker version ии yapay 人工智能 助手 アシスタント 인공지능 alter twin ki's ai's llm's llms ais искусствен* интеллект* інтелект*
    штучн* ші umela inteligence sztuczn* inteligencj* inteligencia intelligence intelligenza intelligenz kunstmatige konstgjord
    kecerdasan zeka zekaya zekasi τεχνητη νοημοσυνη αι tri asystent asistent copilot gemini agents agent models assistants bots
    人工智慧 智能 模型 机器人 人工知能 エーアイ 모델 인공 ذكاء الذكاء एआई इंटेलिजेंस artificial
  `),
  mode: list(`
    mode modo modus modalita режим* modu 模式 モード 모드 tryb وضع lage rezim rezimu rezhim tila che lagen modda moduna moduyla
    modalidad opmode modo* λειτουργια وضعية मोड mod
  `),
  privileged: list(`
    developer debug dan god sudo root admin jailbreak unrestricted maintenance override unlocked desarrollador desenvolvedor
    sviluppatore developpeur entwickler разработчик* gelistirici 开发者 开发 管理员 開発者 개발자 المطور entwicklermodus opposite diagnostic
    supervisor superuser entwicklermodus* desarrollador* utvecklar* vyvojar* razrab* розробник* ontwikkelaar* ontwikkelaarsmodus
    deweloper* pengembang phat προγραμματιστη 越狱 无限制 脱獄 탈옥 डेवलपर
  `),
  enable: list(`
    enter enable enabled activate activated switch engage now into in activa activar ative attiva active activez aktiviere
    wechsle включи* активируи* активируй* 进入 启用 激活 切换 有効 활성화 etkinlestir start on schalte schalt passe passez ga zet przejdz
    wlacz wejdz aktywuj увімкни* переиди* переключис* zapni prepni aktivuj aktifkan bat vao sla aktivera entra pasa passa
    attivare sett kytke gec ac βαλε μπες ενεργοποιησε 打开 转到 入り 入って オン 켜 들어가 فعل ادخل चालू
  `),
  instead: list(`
    instead new following only now henceforth nuevas nuevo novas nuove nouvelles neue neuen новые новым yeni 新的 新 새로운 代わり
    zamiast вместо замість nya nova novy baru moi nieuwe nowe νεες 而是
  `),
  follow: list(`
    follow obey comply execute adhere sigue obedece siga obedeca segui obbedisci suis suivez obeis befolge folge следуи* следуй*
    выполни* uy 遵循 执行 服从 従 따라 नियम listen listens obeys gehorche gehorchst befolgst gehorcht obeissez ecoute obedeces obedecer
    escucha obedecera ascolta ascolti obbedire luister gehoorzaam gehoorzamen doe sluchaj sluchasz wykonuj podporzadk* подчиня*
    слушаи* слушаися слуха* виконуи* poslouchej lyd folj dengarkan patuhi turuti nghe theo dinle uyacaksin 听 听从 服従 聞いて 従って 따르 들어
    복종 تطيع أطع اتبع मानो सुनो dediklerimi dediklerini haces hago hagas
  `),
  told: list(`
    told said given gave instructed briefed received got configured primed provided wrote written assigned gesagt gegeben
    bekommen erhalten dijeron dieron dado dicho recibido recibiste dito deram disseram recebeu recebido dato detto ricevuto
    avuto dit donne donnees donnes recu recues gezegd gegeven gekregen podano powiedziano powiedzieli otrzymales dano дали
    говорили сказали сказано велели получил* отримав казали verilen soylenen soylendi aldigin fick fatt sagt dali rekli dostal
    diberikan dikatakan δοθηκαν ειπαν 收到 给你 告诉 得到 被告知 与えられ 言われ 受け取 받은 받았 들은 주어진 أعطيت أُعطيت قيل मिले दिए दिये बताए
  `),
  me: list(`
    me my mine i i'm mich mir meine meinen meiner meinem ich moi mes mi mis yo mim meu minha meus minhas eu mio mia miei mie io
    mij mijn ik mnie moje moich мне меня мои* моих мою мені мене мої* моі* bana beni benim mig mina jag min mne saya aku toi τοι
    μου εμενα 我 我的 私 私の 僕 俺 내 나의 나 저의 मेरी मेरे मेरा मुझे मैं أنا لي أوامري طلبي كلامي
  `),
  only: list(`
    only solely exclusively just nobody nur ausschliesslich seulement qu'a que uniquement solo solamente unicamente somente
    apenas so soltanto alleen uitsluitend tylko wylacznie только лишь тільки лише sadece yalnizca bara endast jen pouze hanya
    chi μονο 只 只能 仅 只有 だけ のみ 만 오직 فقط सिर्फ केवल
  `),
  never: list(`
    never not don't cannot can't no nie niemals kein keine jamais pas nunca jamas mai non nooit niet nigdy никогда не ніколи
    asla hicbir aldrig inte nikdy jangan tidak khong dung ποτε μην δεν 永不 决不 绝不 不要 不能 不会 不得 从不 不准 別 别 決して 絶対 ない 절대 절대로 결코 لا
    أبدا कभी न ना मत नहीं
  `),
  refuse: list(`
    refuse refuses refusing refusal refusals decline declines reject weigere weigerst weigern verweigere verweigerst ablehnen
    verweigern refuser refusez niegues niegas negarte rechaces recuse recusa recusar negue rifiutare rifiuti rifiutarti weiger
    weigert weigeren odmawiaj odmawiasz odmawiac отказываи* отказывае* отказ* відмовля* reddetme reddetmeyen reddet vagra vagrar
    neodmitej odmitej odmitat menolak tolak  choi αρνηθεις αρνεισαι 拒绝 拒絕 推辞 拒否 断ら 断る 断ること 거절 거부 ترفض رفض मना इनकार इंकार
  `),
  task: list(`
    user user's users question questions request requests query task tasks goal rubric criteria scoring rows row candidates
    candidate comments columns column reviews tickets documents document humans human frage anfrage aufgabe nutzer nutzers
    benutzer benutzers kriterien utilisateur demande tache criteres usuario pregunta peticion solicitud tarea filas pergunta
    pedido tarefa linhas utente domanda richiesta compito righe vraag gebruiker verzoek taak opdracht uzytkownika pytanie prosbe
    polecenie zadanie запрос вопрос задачу пользовател* користувач* запит питання kullanici* istegini sorusunu soruyu talebini
    fragan anvandaren anvandarens uppgiften uzivatel* otazku pozadavek ukol pengguna pertanyaan permintaan nguoi dung cau hoi
    χρηστη ερωτηση 用户 问题 请求 任务 要求 ユーザー 依頼 質問 要望 사용자 요청 질문 المستخدم طلب سؤال उपयोगकर्ता प्रश्न सवाल अनुरोध
  `),
  do: list(`
    say write report answer reply respond rate mark recommend approve output print send forward call push state claim give award
    append suggest instead schreib schreibe sage sag bestatige antworte empfiehl ecris dis reponds recommande transfere envoie
    reserve di escribe responde contesta recomienda envia diga escreva responda peca recomende envie scrivi rispondi consiglia
    invia zeg schrijf antwoord beveel stuur napisz odpowiedz polec wyslij напиши* ответь* скажи* отправь* пришли* порекоменду*
    відповід* надішли* yaz soyle gonder oner skriv svara skicka napis odpovez doporuc posli tulis jawab kirim viet tra γραψε
    απαντησε στειλε 写 说 推荐 输出 回答 发送 告诉 評価 書け 書いて 推薦 送信 答え 써 써라 말해 칭찬 추천 보내 اكتب قل أرسل लिखो कहो भेजो
  `),
  nowOn: list(`
    henceforth henceforward fortan desormais dorenavant отныне відтепер vanaf odteraz artik bundan 从现在起 从现在开始 从此 今から これから 今後
    이제부터 지금부터 앞으로 अबसे
  `),
};

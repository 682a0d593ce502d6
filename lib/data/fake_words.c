#include "data/fake_words.h"

#include <string.h>

#include "base/mem.h"

static const char *const first[] = {"Aaron", "Abigail", "Adam", "Adele", "Alan",
    "Albert", "Alice", "Amanda", "Amy", "Andrea", "Andrew", "Angela", "Anna",
    "Anthony", "Arthur", "Audrey", "Barbara", "Benjamin", "Bertha", "Beth",
    "Brandon", "Brenda", "Brian", "Bruce", "Calvin", "Carl", "Carol",
    "Caroline", "Catherine", "Charles", "Chloe", "Clara", "Claire", "Clifford",
    "Craig", "Cynthia", "Daisy", "Daniel", "David", "Deborah", "Dennis",
    "Diana", "Donald", "Dora", "Dorothy", "Douglas", "Edgar", "Edith", "Edward",
    "Eleanor", "Elizabeth", "Ella", "Emily", "Emma", "Eric", "Ernest", "Esther",
    "Ethan", "Eugene", "Evelyn", "Florence", "Frances", "Frank", "Fred",
    "Gabriel", "George", "Gerald", "Gloria", "Grace", "Gregory", "Hannah",
    "Harold", "Harriet", "Harry", "Hazel", "Heather", "Helen", "Henry",
    "Howard", "Hugh", "Ida", "Irene", "Isaac", "Isabel", "Jack", "Jacob",
    "James", "Jane", "Janet", "Jason", "Jean", "Jennifer", "Jeremy", "Jessica",
    "Joan", "John", "Jonathan", "Joseph", "Joyce", "Judith", "Julia", "Justin",
    "Karen", "Katherine", "Keith", "Kenneth", "Kevin", "Laura", "Lawrence",
    "Leah", "Leo", "Leonard", "Lily", "Linda", "Louis", "Lucy", "Luke", "Mabel",
    "Margaret", "Maria", "Marion", "Mark", "Martha", "Martin", "Mary",
    "Matthew", "Maxwell", "Michael", "Mildred", "Miriam", "Molly", "Nancy",
    "Natalie", "Nathan", "Nicholas", "Nora", "Oliver", "Olivia", "Oscar",
    "Pamela", "Patricia", "Patrick", "Paul", "Peter", "Philip", "Phoebe",
    "Rachel", "Ralph", "Raymond", "Rebecca", "Richard", "Robert", "Roger",
    "Ronald", "Rose", "Ruth", "Ryan", "Samuel", "Sandra", "Sarah", "Scott",
    "Sophia", "Stella", "Stephen", "Susan", "Sylvia", "Teresa", "Theodore",
    "Thomas", "Timothy", "Tyler", "Vera", "Victor", "Victoria", "Vincent",
    "Violet", "Virginia", "Walter", "Warren", "Wendy", "William", "Winifred",
    "Zachary", "Zoe"};

static const char *const last[] = {"Abbott", "Adams", "Allen", "Anderson",
    "Archer", "Armstrong", "Atkinson", "Austin", "Bailey", "Baker", "Barker",
    "Barnes", "Barton", "Bell", "Bennett", "Bishop", "Black", "Booth",
    "Bradley", "Brooks", "Brown", "Bryant", "Burke", "Burns", "Burton",
    "Butler", "Campbell", "Carpenter", "Carr", "Carter", "Chambers", "Chapman",
    "Clark", "Clarke", "Cole", "Coleman", "Collins", "Cook", "Cooper", "Cox",
    "Crawford", "Cross", "Cunningham", "Dalton", "Davidson", "Davies", "Davis",
    "Dawson", "Dean", "Dixon", "Douglas", "Doyle", "Duncan", "Edwards",
    "Elliott", "Ellis", "Evans", "Farmer", "Ferguson", "Fields", "Fisher",
    "Fleming", "Fletcher", "Forbes", "Foster", "Fowler", "Fox", "Francis",
    "Franklin", "Fraser", "Freeman", "Fuller", "Gardner", "George", "Gibson",
    "Gilbert", "Gordon", "Graham", "Grant", "Graves", "Gray", "Green", "Greene",
    "Griffin", "Hale", "Hall", "Hamilton", "Hammond", "Hansen", "Harding",
    "Hardy", "Harper", "Harris", "Harrison", "Hart", "Harvey", "Hawkins",
    "Hayes", "Henderson", "Hicks", "Hill", "Hobbs", "Holland", "Holmes",
    "Howard", "Howell", "Hudson", "Hughes", "Hunt", "Hunter", "Jackson",
    "James", "Jenkins", "Jennings", "Johnson", "Johnston", "Jones", "Jordan",
    "Keller", "Kelly", "Kennedy", "King", "Knight", "Lambert", "Lane", "Larson",
    "Lawrence", "Lawson", "Lee", "Lewis", "Lloyd", "Logan", "Long", "Lynch",
    "Marsh", "Marshall", "Martin", "Mason", "Matthews", "May", "Mills",
    "Mitchell", "Moore", "Morgan", "Morris", "Morrison", "Murphy", "Murray",
    "Nelson", "Newman", "Newton", "Nichols", "Norris", "Norton", "Osborne",
    "Owen", "Page", "Palmer", "Parker", "Parsons", "Patterson", "Payne",
    "Pearson", "Perkins", "Perry", "Peters", "Phillips", "Pierce", "Porter",
    "Potter", "Powell", "Price", "Quinn", "Ramsey", "Reed", "Reeves", "Reid",
    "Reynolds", "Rhodes", "Rice", "Richards", "Richardson", "Riley", "Roberts",
    "Robinson", "Rogers", "Rose", "Ross", "Russell", "Ryan", "Sanders",
    "Saunders", "Schmidt", "Schneider", "Scott", "Sharp", "Shaw", "Shelton",
    "Simmons", "Simpson", "Sims", "Skinner", "Smith", "Snyder", "Spencer",
    "Stanley", "Stephens", "Stevens", "Stewart", "Stone", "Sullivan", "Sutton",
    "Taylor", "Thomas", "Thompson", "Thornton", "Todd", "Tucker", "Turner",
    "Tyler", "Wade", "Wagner", "Walker", "Wallace", "Walsh", "Walters", "Ward",
    "Warner", "Warren", "Watson", "Watts", "Weaver", "Webb", "Weber", "Wells",
    "West", "Wheeler", "White", "Williams", "Williamson", "Willis", "Wilson",
    "Wood", "Woods", "Wright", "Yates", "Young"};

static const char *const title[] = {
    "Mr.", "Mrs.", "Ms.", "Miss", "Dr.", "Prof."};

static const char *const suffix[] = {
    "Jr.", "Sr.", "I", "II", "III", "IV", "V", "MD", "DDS", "PhD", "DVM"};

static const char *const safe[] = {"com", "net", "org"};

static const char *const domain[] = {
    "com", "net", "org", "biz", "info", "io", "dev", "co", "name", "app"};

static const char *const username[] = {"{-first}_{word}", "{-first}_{word}",
    "{-first}.{word}", "{-first}##", "{-first}_{-last}"};

static const char *const agent[] = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:1{digit}#.0) Gecko/20100101 "
    "Firefox/1{digit}#.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:1{digit}#.0) Gecko/20100101 "
    "Firefox/1{digit}#.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/1{digit}#.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/1{digit}#.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/1{digit}.# Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 1{digit}_# like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/1{digit}.# Mobile/15E148 "
    "Safari/604.1",
    "Mozilla/5.0 (Linux; Android 1{digit}; K) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/1{digit}#.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/1{digit}#.0.0.0 Safari/537.36 Edg/1{digit}#.0.0.0"};

static const char *const digit[] = {"0", "1", "2", "3", "4"};

static const char *const street[] = {"{first}", "{last}", "Church", "Park",
    "Mill", "River", "Lake", "High", "Station", "Orchard", "Maple", "Oak",
    "Cedar", "Meadow", "Harbour", "Garden"};

static const char *const way[] = {"Alley", "Avenue", "Boulevard", "Circle",
    "Court", "Crescent", "Drive", "Gardens", "Grove", "Heights", "Hill", "Lane",
    "Parkway", "Place", "Road", "Square", "Street", "Terrace", "Trail", "Walk",
    "Way"};

static const char *const city[] = {"{last}{town}", "{last}{town}",
    "{last} {place}", "New {last}{town}", "North {last}{town}",
    "South {last}{town}", "East {last}{town}", "West {last}{town}",
    "Lake {first}", "Port {first}"};

static const char *const town[] = {"borough", "bury", "by", "ford", "ham",
    "field", "mouth", "port", "side", "stead", "ton", "town", "view", "ville"};

static const char *const place[] = {
    "Bay", "Bridge", "Falls", "Green", "Grove", "Hill", "Springs", "Valley"};

static const char *const state[] = {"Alabama", "Alaska", "Arizona", "Arkansas",
    "California", "Colorado", "Connecticut", "Delaware", "Florida", "Georgia",
    "Hawaii", "Idaho", "Illinois", "Indiana", "Iowa", "Kansas", "Kentucky",
    "Louisiana", "Maine", "Maryland", "Massachusetts", "Michigan", "Minnesota",
    "Mississippi", "Missouri", "Montana", "Nebraska", "Nevada", "New Hampshire",
    "New Jersey", "New Mexico", "New York", "North Carolina", "North Dakota",
    "Ohio", "Oklahoma", "Oregon", "Pennsylvania", "Rhode Island",
    "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah", "Vermont",
    "Virginia", "Washington", "West Virginia", "Wisconsin", "Wyoming"};

static const char *const zip[] = {"#####", "#####", "#####-####"};

static const char *const house[] = {"!#", "!##", "!###", "1##", "1#"};

static const char *const country[] = {"Argentina", "Armenia", "Australia",
    "Austria", "Bangladesh", "Belgium", "Bolivia", "Botswana", "Brazil",
    "Bulgaria", "Cambodia", "Cameroon", "Canada", "Chile", "China", "Colombia",
    "Costa Rica", "Croatia", "Cuba", "Cyprus", "Denmark", "Ecuador", "Egypt",
    "Estonia", "Ethiopia", "Fiji", "Finland", "France", "Gabon", "Georgia",
    "Germany", "Ghana", "Greece", "Guatemala", "Honduras", "Hungary", "Iceland",
    "India", "Indonesia", "Ireland", "Israel", "Italy", "Jamaica", "Japan",
    "Jordan", "Kazakhstan", "Kenya", "Kuwait", "Laos", "Latvia", "Lebanon",
    "Lithuania", "Luxembourg", "Madagascar", "Malaysia", "Malta", "Mexico",
    "Mongolia", "Morocco", "Mozambique", "Namibia", "Nepal", "Netherlands",
    "New Zealand", "Nigeria", "Norway", "Oman", "Pakistan", "Panama",
    "Paraguay", "Peru", "Philippines", "Poland", "Portugal", "Romania",
    "Rwanda", "Samoa", "Senegal", "Serbia", "Singapore", "Slovakia", "Slovenia",
    "South Africa", "South Korea", "Spain", "Sri Lanka", "Sweden",
    "Switzerland", "Tanzania", "Thailand", "Tunisia", "Turkey", "Uganda",
    "Ukraine", "United Kingdom", "United States", "Uruguay", "Vietnam",
    "Zambia", "Zimbabwe"};

static const char *const phone[] = {"!##-555-01##", "(!##) 555-01##",
    "1-!##-555-01##", "!##.555.01##", "!##-555-01## x###"};

static const char *const cell[] = {
    "!##-555-01##", "(!##) 555-01##", "1-!##-555-01##", "!##.555.01##"};

static const char *const company[] = {"{last} {form}", "{last} {form}",
    "{last}-{last}", "{last} and {last}", "{last}, {last} and {last}"};

static const char *const form[] = {
    "Inc", "LLC", "Group", "and Sons", "Ltd", "Partners"};

static const char *const industry[] = {"Accounting", "Agriculture", "Airlines",
    "Architecture", "Automotive", "Banking", "Biotechnology", "Broadcasting",
    "Chemicals", "Construction", "Consulting", "Consumer Goods", "Dairy",
    "Defence", "Design", "Education", "Electronics", "Energy", "Entertainment",
    "Fisheries", "Food Production", "Forestry", "Furniture", "Gambling",
    "Health Care", "Hospitality", "Human Resources", "Insurance",
    "Investment Management", "Law", "Logistics", "Machinery", "Maritime",
    "Marketing", "Mining", "Museums", "Music", "Packaging", "Paper",
    "Pharmaceuticals", "Plastics", "Printing", "Publishing", "Railways",
    "Real Estate", "Renewables", "Research", "Restaurants", "Retail",
    "Security", "Semiconductors", "Shipbuilding", "Software", "Sporting Goods",
    "Telecommunications", "Textiles", "Tourism", "Transportation", "Utilities",
    "Warehousing", "Wholesale", "Wine and Spirits"};

static const char *const profession[] = {"actor", "actuary", "architect",
    "archivist", "astronomer", "baker", "barber", "bookbinder", "bookkeeper",
    "botanist", "bricklayer", "builder", "butcher", "carpenter", "cartographer",
    "cashier", "chef", "chemist", "civil servant", "cleaner", "clockmaker",
    "composer", "cook", "dancer", "dentist", "designer", "doctor", "economist",
    "editor", "electrician", "engineer", "farmer", "firefighter", "fisher",
    "florist", "gardener", "geologist", "glazier", "goldsmith", "hairdresser",
    "historian", "illustrator", "interpreter", "joiner", "journalist", "judge",
    "lawyer", "lecturer", "librarian", "locksmith", "mason", "mathematician",
    "mechanic", "midwife", "miller", "miner", "musician", "nurse", "optician",
    "painter", "pharmacist", "photographer", "physicist", "pilot", "plumber",
    "poet", "postal worker", "potter", "printer", "programmer", "roofer",
    "sailor", "sculptor", "secretary", "shoemaker", "social worker",
    "statistician", "surgeon", "surveyor", "tailor", "taxi driver", "teacher",
    "technician", "translator", "typesetter", "veterinarian", "waiter",
    "watchmaker", "weaver", "welder", "writer", "zoologist"};

static const char *const word[] = {"a", "ab", "accusamus", "accusantium", "ad",
    "adipisci", "alias", "aliquam", "aliquid", "amet", "animi", "aperiam",
    "architecto", "asperiores", "aspernatur", "assumenda", "at", "atque", "aut",
    "autem", "beatae", "blanditiis", "commodi", "consectetur", "consequatur",
    "consequuntur", "corporis", "corrupti", "culpa", "cum", "cumque",
    "cupiditate", "debitis", "delectus", "deleniti", "deserunt", "dicta",
    "dignissimos", "distinctio", "dolor", "dolore", "dolorem", "doloremque",
    "dolores", "doloribus", "dolorum", "ducimus", "ea", "eaque", "earum",
    "eius", "eligendi", "enim", "eos", "error", "esse", "est", "et", "eum",
    "eveniet", "ex", "excepturi", "exercitationem", "expedita", "explicabo",
    "facere", "facilis", "fuga", "fugiat", "fugit", "harum", "hic", "id",
    "illo", "illum", "impedit", "in", "incidunt", "inventore", "ipsa", "ipsam",
    "ipsum", "iste", "itaque", "iure", "iusto", "labore", "laboriosam",
    "laborum", "laudantium", "libero", "magnam", "magni", "maiores", "maxime",
    "minima", "minus", "modi", "molestiae", "molestias", "mollitia", "nam",
    "natus", "necessitatibus", "nemo", "neque", "nesciunt", "nihil", "nisi",
    "nobis", "non", "nostrum", "nulla", "numquam", "obcaecati", "occaecati",
    "odio", "odit", "officia", "officiis", "omnis", "optio", "pariatur",
    "perferendis", "perspiciatis", "placeat", "porro", "possimus",
    "praesentium", "provident", "quae", "quaerat", "quam", "quas", "quasi",
    "qui", "quia", "quibusdam", "quidem", "quis", "quisquam", "quo", "quod",
    "quos", "ratione", "recusandae", "reiciendis", "rem", "repellat",
    "repellendus", "reprehenderit", "repudiandae", "rerum", "saepe", "sapiente",
    "sed", "sequi", "similique", "sint", "sit", "soluta", "sunt", "suscipit",
    "tempora", "tempore", "temporibus", "tenetur", "totam", "ullam", "unde",
    "ut", "vel", "velit", "veniam", "veritatis", "vero", "vitae", "voluptas",
    "voluptate", "voluptatem", "voluptates", "voluptatibus", "voluptatum"};

static const char *const code[] = {"AED", "ARS", "AUD", "BGN", "BRL", "CAD",
    "CHF", "CLP", "CNY", "COP", "CRC", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD",
    "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KES", "KRW", "KZT", "MAD", "MNT",
    "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "PYG", "RON",
    "RSD", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "UYU", "VND",
    "ZAR"};

static const char *const currency[] = {"UAE Dirham", "Argentine Peso",
    "Australian Dollar", "Bulgarian Lev", "Brazilian Real", "Canadian Dollar",
    "Swiss Franc", "Chilean Peso", "Yuan Renminbi", "Colombian Peso",
    "Costa Rican Colon", "Czech Koruna", "Danish Krone", "Egyptian Pound",
    "Euro", "Pound Sterling", "Hong Kong Dollar", "Forint", "Rupiah",
    "New Israeli Sheqel", "Indian Rupee", "Iceland Krona", "Yen",
    "Kenyan Shilling", "Won", "Tenge", "Moroccan Dirham", "Tugrik",
    "Mexican Peso", "Malaysian Ringgit", "Naira", "Norwegian Krone",
    "New Zealand Dollar", "Sol", "Philippine Peso", "Pakistan Rupee", "Zloty",
    "Guarani", "Romanian Leu", "Serbian Dinar", "Swedish Krona",
    "Singapore Dollar", "Baht", "Turkish Lira", "New Taiwan Dollar", "Hryvnia",
    "US Dollar", "Peso Uruguayo", "Dong", "Rand"};

static const char *const symbol[] = {"د.إ", "$", "лв", "R$", "CHF", "¥", "₡",
    "Kč", "kr", "£", "€", "Ft", "Rp", "₪", "₹", "KSh", "₩", "₸", "DH", "₮",
    "RM", "₦", "S/", "₱", "₨", "zł", "₲", "lei", "дин.", "฿", "₺", "NT$", "₴",
    "$U", "₫", "R"};

static const char *const card[] = {"4##############", "51#############",
    "52#############", "53#############", "55#############", "37############",
    "6011###########"};

static const char *const root[] = {
    "etc", "home", "opt", "srv", "tmp", "usr", "var"};

static const char *const file[] = {"archive", "backup", "budget", "calendar",
    "catalogue", "chapter", "chart", "config", "contract", "customers", "data",
    "diary", "draft", "errors", "events", "export", "figures", "guide",
    "history", "image", "index", "inventory", "invoice", "journal", "letter",
    "list", "log", "manual", "map", "measurements", "memo", "menu", "message",
    "notes", "orders", "outline", "photo", "plan", "presentation", "protocol",
    "readme", "receipts", "report", "results", "sample", "schedule",
    "screenshot", "settings", "sketch", "slides", "song", "statistics",
    "summary", "survey", "tasks", "template", "thesis", "timetable",
    "transcript", "video"};

static const char *const extension[] = {"aac", "avi", "bmp", "bz2", "c", "conf",
    "css", "csv", "db", "doc", "docx", "flac", "gif", "gz", "h", "html", "ini",
    "jpg", "js", "json", "log", "md", "mkv", "mp3", "mp4", "odp", "ods", "odt",
    "ogg", "pdf", "png", "ppt", "py", "rs", "sh", "sql", "svg", "tar", "tiff",
    "toml", "txt", "wav", "webm", "webp", "xls", "xlsx", "xml", "xz", "yaml",
    "zip"};

static const char *const mime[] = {"application/gzip", "application/javascript",
    "application/json", "application/ld+json", "application/msword",
    "application/octet-stream", "application/pdf", "application/rtf",
    "application/sql", "application/toml", "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.text", "application/wasm",
    "application/xml", "application/yaml", "application/zip", "audio/aac",
    "audio/flac", "audio/mpeg", "audio/ogg", "audio/wav", "font/otf",
    "font/ttf", "font/woff2", "image/avif", "image/bmp", "image/gif",
    "image/jpeg", "image/png", "image/svg+xml", "image/tiff", "image/webp",
    "multipart/form-data", "text/calendar", "text/css", "text/csv", "text/html",
    "text/markdown", "text/plain", "text/vcard", "text/xml", "video/mp4",
    "video/mpeg", "video/ogg", "video/quicktime", "video/webm"};

static const char *const colour[] = {"aqua", "aquamarine", "azure", "beige",
    "black", "blue", "brown", "chartreuse", "chocolate", "coral", "crimson",
    "cyan", "fuchsia", "gold", "gray", "green", "indigo", "ivory", "khaki",
    "lavender", "lime", "linen", "magenta", "maroon", "navy", "olive", "orange",
    "orchid", "pink", "plum", "purple", "red", "salmon", "sienna", "silver",
    "tan", "teal", "thistle", "tomato", "turquoise", "violet", "wheat", "white",
    "yellow"};

#define LIST(name)                       \
	{                                \
#name, name, COUNT(name) \
	}

static const struct fake_list lists[] = {
    LIST(agent),
    LIST(card),
    LIST(cell),
    LIST(city),
    LIST(code),
    LIST(colour),
    LIST(company),
    LIST(country),
    LIST(currency),
    LIST(digit),
    LIST(domain),
    LIST(extension),
    LIST(file),
    LIST(first),
    LIST(form),
    LIST(house),
    LIST(industry),
    LIST(last),
    LIST(mime),
    LIST(phone),
    LIST(place),
    LIST(profession),
    LIST(root),
    LIST(safe),
    LIST(state),
    LIST(street),
    LIST(suffix),
    LIST(symbol),
    LIST(title),
    LIST(town),
    LIST(username),
    LIST(way),
    LIST(word),
    LIST(zip),
};

#undef LIST

const struct fake_list *
fake_words(const char *name, size_t n)
{
	for (size_t i = 0; i < COUNT(lists); i++)
		if (strlen(lists[i].name) == n &&
		    !memcmp(lists[i].name, name, n))
			return &lists[i];
	return NULL;
}

// What a page does, one module per behaviour. Each finds its own parts of the page and does nothing where there are none.
import "./ages.js";
import "./keys.js";
import "./dialogs.js";
import "./copy.js";
import "./connection.js";
import "./alarm.js";
import "./sound.js";
import "./queue.js";
import "./detail.js";
import "./picture.js";
import "./verify.js";
import "./wide.js";
import "./send.js";
import "./bulk.js";
import "./upload.js";
import "./judge.js";
import "./search.js";
import "./movements.js";
import "./passkeys.js";
import { watch } from "./live.js";

watch(); // last, when everybody listens
document.documentElement.dataset.ready = "true";

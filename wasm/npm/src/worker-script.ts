/** The worker that `redstart/worker` starts. */
import { serve } from "./worker-serve.js";

serve();

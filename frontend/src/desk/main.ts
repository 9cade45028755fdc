/** Entry of the desk's page. */
import '../styles/index.css';
import { addMessages, t } from '../locales';
import desk from '../locales/en/desk.json';
import errors from '../locales/en/errors.json';
import shared from '../locales/en/shared.json';

addMessages(shared, errors, desk);
document.title = t('desk.title');

import { createRoot } from 'react-dom/client';
import { Classifier } from './Classifier.jsx';
createRoot(document.getElementById('app')).render(<Classifier weights="CIFAR10_DEMO" weightsUrl="/weights/" />);
